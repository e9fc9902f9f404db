/** Answers in the browser: each is in its store before the next question is shown, whatever becomes of all else. */
import { newParticipant } from "./study_steps.js";

/** The browser's store; null where it has none for this page. */
export function browserStorage() {
  try {
    const storage = globalThis.localStorage;
    storage.setItem("see2sound-study", "?");
    storage.removeItem("see2sound-study");
    return storage;
  } catch {
    return null;
  }
}

/** What stands in for it, until the page is left. */
function memory() {
  const kept = new Map();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => kept.set(name, text),
    removeItem: (name) => kept.delete(name),
  };
}

export class StudyStore {
  /**
   * @param {string} study its key
   * @param {Storage | null} storage
   */
  constructor(study, storage) {
    Object.assign(this, { storage: storage ?? memory(), lasting: storage !== null, prefix: `see2sound-study/${study}/` });
    this.load();
  }

  /** Read what is there; a listener who is not there yet gets a number. */
  load() {
    this.participant = this.#read("participant");
    if (!/^[0-9a-f]{32}$/.test(this.participant ?? "")) this.participant = newParticipant();
    this.answers = new Map();
    this.acknowledged = new Set(); // whoever has them says so after each load
    for (let sequence = 1; ; sequence++) {
      const answer = this.#parsed(`answer/${sequence}`);
      if (answer?.participant !== this.participant) break; // none, or of somebody who has left
      this.answers.set(sequence, answer);
    }
  }

  /** The number of the next answer. */
  get next() {
    return this.answers.size + 1;
  }

  /** Answers that nobody else has. */
  get pending() {
    return [...this.answers.values()].filter(({ sequence }) => !this.acknowledged.has(sequence));
  }

  /** Keep an answer; false where the browser cannot. */
  add(answer) {
    this.answers.set(answer.sequence, answer);
    const written = this.#write("participant", this.participant) && this.#write(`answer/${answer.sequence}`, JSON.stringify(answer));
    return written && this.lasting;
  }

  /** Take back the last answer, which nobody could keep. */
  drop(sequence) {
    this.answers.delete(sequence);
    this.#remove(`answer/${sequence}`);
  }

  acknowledge(sequences) {
    for (const sequence of sequences) this.acknowledged.add(sequence);
  }

  /** Whose answers must still be deleted where they were sent to. */
  get withdrawing() {
    return this.#parsed("withdrawing") ?? [];
  }

  /** Delete this listener's answers; `elsewhere`: they were sent, and must be deleted there, too. */
  withdraw(elsewhere) {
    if (elsewhere) this.#write("withdrawing", JSON.stringify([...this.withdrawing, this.participant]));
    this.forget();
  }

  withdrawn(participant) {
    const left = this.withdrawing.filter((other) => other !== participant);
    if (left.length) this.#write("withdrawing", JSON.stringify(left));
    else this.#remove("withdrawing");
  }

  /** Make room for another listener. */
  forget() {
    this.#remove("participant"); // first: what a crash leaves of the rest is nobody's
    for (const sequence of this.answers.keys()) this.#remove(`answer/${sequence}`);
    this.load();
  }

  /** All answers as lines of JSON. */
  get lines() {
    return [...this.answers.values()].map((answer) => `${JSON.stringify(answer)}\n`).join("");
  }

  #read(name) {
    return this.storage.getItem(this.prefix + name);
  }

  #parsed(name) {
    try {
      return JSON.parse(this.#read(name));
    } catch {
      return null;
    }
  }

  #write(name, text) {
    try {
      this.storage.setItem(this.prefix + name, text);
      return true;
    } catch {
      return false; // it is full
    }
  }

  #remove(name) {
    this.storage.removeItem(this.prefix + name);
  }
}
