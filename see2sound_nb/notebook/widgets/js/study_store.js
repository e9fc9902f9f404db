/**
 * Answers in the browser: each is on the disk before the next question is shown, whatever becomes of all else.
 *
 * IndexedDB, and not localStorage: Chromium writes the latter some seconds later, and a browser that is killed before has
 * lost it.
 */
import { newParticipant } from "./study_steps.js";

const ANSWERS = "answers";
const STATE = "state";
const ON_DISK = { durability: "strict" };

/** Another tab has gone on, or withdrawn. */
export class ElsewhereError extends Error {}

function database(name) {
  return new Promise((done, fail) => {
    const opening = globalThis.indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(ANSWERS, { keyPath: "sequence" });
      opening.result.createObjectStore(STATE);
    };
    opening.onsuccess = () => done(opening.result);
    opening.onerror = opening.onblocked = () => fail(opening.error ?? new Error("blocked"));
  });
}

function result(request) {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

export class StudyStore {
  /** The store of a study, by its key; one that lasts no longer than the page, where the browser has none for it. */
  static async open(study) {
    const store = new StudyStore();
    store.name = `see2sound-study/${study}`;
    try {
      store.db = await database(store.name);
    } catch {
      store.db = null;
    }
    await store.load();
    return store;
  }

  participant = newParticipant();
  answers = new Map();
  acknowledged = new Set(); // whoever has them says so after each load
  withdrawing = []; // whose answers must still be deleted where they were sent to

  /** Whether answers outlive the page. */
  get lasting() {
    return this.db !== null;
  }

  /** The number of the next answer. */
  get next() {
    return this.answers.size + 1;
  }

  /** Answers that nobody else has. */
  get pending() {
    return [...this.answers.values()].filter(({ sequence }) => !this.acknowledged.has(sequence));
  }

  /** All answers as lines of JSON. */
  get lines() {
    return [...this.answers.values()].map((answer) => `${JSON.stringify(answer)}\n`).join("");
  }

  /** Read what is there; a listener who is not there yet gets a number. */
  async load() {
    if (!this.lasting) return;
    const [participant, withdrawing, answers] = await this.#change("readonly", ({ state, answers }) =>
      Promise.all([result(state.get("participant")), result(state.get("withdrawing")), result(answers.getAll())]),
    );
    this.participant = participant ?? newParticipant();
    this.withdrawing = withdrawing ?? [];
    this.answers = new Map(answers.map((answer) => [answer.sequence, answer]));
    this.acknowledged = new Set();
  }

  /**
   * Keep an answer; false where the browser cannot.
   *
   * @throws {ElsewhereError} if another tab has changed what is there; then nothing is kept
   */
  async add(answer) {
    this.answers.set(answer.sequence, answer);
    if (!this.lasting) return false;
    try {
      await this.#change("readwrite", async ({ state, answers }) => {
        const [who, last] = await Promise.all([result(state.get("participant")), result(answers.count())]);
        if ((who ?? answer.participant) !== answer.participant || last !== answer.sequence - 1) throw new ElsewhereError();
        state.put(answer.participant, "participant");
        answers.add(answer);
      });
      return true;
    } catch (error) {
      if (error instanceof ElsewhereError) throw error;
      return false; // the disk is full, or the user has emptied the store
    }
  }

  /** Take back the last answer, which nobody could keep. */
  drop(sequence) {
    this.answers.delete(sequence);
  }

  acknowledge(sequences) {
    for (const sequence of sequences) this.acknowledged.add(sequence);
  }

  /** Delete this listener's answers, and make room for another; `elsewhere`: wherever they were sent, too. */
  async leave(elsewhere) {
    if (elsewhere) this.withdrawing = [...this.withdrawing, this.participant];
    const { withdrawing } = this;
    this.participant = newParticipant();
    this.answers = new Map();
    this.acknowledged = new Set();
    if (!this.lasting) return;
    await this.#change("readwrite", async ({ state, answers }) => {
      answers.clear();
      state.delete("participant");
      state.put(withdrawing, "withdrawing");
    });
  }

  /** The answers of `participant` are deleted wherever they were sent. */
  async withdrawn(participant) {
    this.withdrawing = this.withdrawing.filter((other) => other !== participant);
    const { withdrawing } = this;
    if (this.lasting) await this.#change("readwrite", async ({ state }) => void state.put(withdrawing, "withdrawing"));
  }

  /** One transaction: all of it is on the disk when this resolves, or nothing is. */
  #change(mode, action) {
    return new Promise((done, fail) => {
      const change = this.db.transaction([ANSWERS, STATE], mode, ON_DISK);
      let value;
      let error = null;
      change.oncomplete = () => done(value);
      change.onabort = () => fail(error ?? change.error);
      action({ state: change.objectStore(STATE), answers: change.objectStore(ANSWERS) }).then(
        (given) => (value = given),
        (thrown) => {
          error = thrown;
          try {
            change.abort();
          } catch {
            fail(thrown); // it has ended by itself
          }
        },
      );
    });
  }
}
