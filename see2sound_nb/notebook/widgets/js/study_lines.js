/** Where answers go beside the browser's store: to the server that the page came from, or to the kernel. */

/** What was refused for good: sending it again will not help. */
export class Refused extends Error {}

const ANSWER_PATIENCE_MS = 5000;
const TRY_AGAIN_MS = 3000;
/** So many answers in one message. */
const MOST_IN_MESSAGE = 100;

/** The server that the page came from. */
export class ServerLine {
  name = "the lecturer\u2019s computer";

  async ask(kind, content) {
    const reply = await fetch(kind, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content),
      signal: AbortSignal.timeout(ANSWER_PATIENCE_MS),
      credentials: "omit",
      cache: "no-store",
    });
    const told = await reply.json().catch(() => ({}));
    if (reply.ok) return told;
    const text = told.error ?? `status ${reply.status}`;
    throw reply.status === 400 ? new Refused(text) : new Error(text);
  }

  close() {}
}

/** The kernel, by a widget's messages. */
export class ModelLine {
  name = "the kernel\u2019s disk";
  waiting = new Map();
  number = 0;

  constructor(model) {
    this.model = model;
    this.listener = (content) => {
      if (content.view !== this.view) return;
      this.waiting.get(content.number)?.(content);
    };
    this.view = Math.random().toString(36).slice(2);
    model.on("msg:custom", this.listener);
  }

  ask(kind, content) {
    const number = ++this.number;
    return new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error("no answer")), ANSWER_PATIENCE_MS);
      this.waiting.set(number, (told) => {
        clearTimeout(late);
        if (told.kind === "refused") fail(new Refused(told.text));
        else if (told.kind === "failed") fail(new Error(told.text));
        else done(told);
      });
      this.model.send({ ...content, kind, number, view: this.view }); // a lost connection throws, which is a failure
    }).finally(() => this.waiting.delete(number));
  }

  close() {
    this.model.off("msg:custom", this.listener);
  }
}

/** Sends what is not acknowledged, until it is. */
export class Courier {
  /**
   * @param {object} study
   * @param {StudyStore} store
   * @param {ServerLine | ModelLine | null} line null where there is only the browser
   * @param {() => void} changed called when the state changes
   */
  constructor(study, store, line, changed) {
    Object.assign(this, { study, store, line, changed });
    this.lost = false; // the last message had no answer
    this.refusal = "";
    this.awake = () => this.deliver();
    globalThis.addEventListener("online", this.awake);
  }

  close() {
    clearTimeout(this.timer);
    this.closed = true;
    globalThis.removeEventListener("online", this.awake);
    this.line?.close();
  }

  /** Send all that waits; resolves when it is acknowledged, or has failed. One message at a time. */
  deliver() {
    if (!this.line || this.closed) return Promise.resolve();
    this.running = (this.running ?? Promise.resolve()).then(() => this.#deliver());
    return this.running;
  }

  async #deliver() {
    clearTimeout(this.timer);
    const { store, study } = this;
    const head = { schema: study.schema, study: study.key };
    try {
      for (const participant of [...store.withdrawing]) {
        await this.line.ask("withdraw", { ...head, participant });
        await store.withdrawn(participant);
      }
      do {
        const { participant } = store;
        const answers = store.pending.slice(0, MOST_IN_MESSAGE);
        const { acknowledged } = await this.line.ask("answers", { ...head, participant, answers });
        if (participant === store.participant) store.acknowledge(acknowledged);
        const has = new Set(acknowledged);
        if (answers.some(({ sequence }) => !has.has(sequence))) throw new Error("not all answers were acknowledged");
      } while (store.pending.length);
      this.lost = false;
      this.refusal = "";
    } catch (error) {
      this.lost = true;
      this.refusal = error instanceof Refused ? error.message : "";
      if (!this.closed) this.timer = setTimeout(() => this.deliver(), TRY_AGAIN_MS);
    }
    this.changed();
  }
}
