/** Questions to the kernel and its answers: one question at a time, numbered, with a word to the reader if none comes. */
import { arraysOf } from "./messages.js";

/** A kernel that has not answered for so long is busy or gone. */
const PATIENCE_MS = 3000;

/** The model, with a word to the reader instead of an exception when its connection is gone. */
export function guardedModel(model, note) {
  const guarded = (action) => {
    try {
      action();
      note("connection", null);
    } catch (error) {
      note("connection", `The connection to the kernel is lost (${error.message}): run the cell again.`, "error");
    }
  };
  return {
    get: (name) => model.get(name),
    set: (name, value) => model.set(name, value),
    on: (name, listener) => model.on(name, listener),
    off: (name, listener) => model.off(name, listener),
    save_changes: () => guarded(() => model.save_changes()),
    send: (content) => guarded(() => model.send(content)),
  };
}

export class KernelLine {
  /**
   * @param {object} model the widget's model, guarded
   * @param {(subject: string, text: string | null, kind?: string) => void} note tells the reader, or takes it back
   * @param {(content: object, arrays: Uint8Array[], question: object | null) => void} receive gets each message, and the
   *   question that it answers
   */
  constructor(model, note, receive) {
    Object.assign(this, { model, note, receive });
    this.asked = null;
    this.sequence = 0;
    this.asText = false;
    this.listener = (content, buffers) => this.#hear(content, buffers);
    model.on("msg:custom", this.listener);
  }

  close() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.listener);
  }

  /** Whether a question waits for its answer. */
  get waits() {
    return this.asked !== null;
  }

  /**
   * Ask; the answer comes to `receive`.
   *
   * @param {object} question
   * @param {() => void} [lost] called if no answer comes in time; one that comes later is still received
   */
  ask(question, lost = () => {}) {
    const sequence = ++this.sequence;
    this.asked = { sequence, question, lost };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#impatient(), PATIENCE_MS);
    this.model.send({ ...question, sequence, as_text: this.asText });
  }

  #impatient() {
    const { lost } = this.asked;
    this.asked = null;
    this.note(
      "silent",
      "The kernel does not answer: it is busy, or gone. Until it does, you hear the browser's own reflections. " +
        "If it was restarted, run the cell again.",
      "warning",
    );
    lost();
  }

  #hear(content, buffers) {
    const asked = this.asked?.sequence === content.sequence ? this.asked : null;
    const arrays = arraysOf(content, buffers);
    if (arrays === null) {
      this.asText = true; // from now on everything comes as text
      this.note("buffers", "This front end loses binary data: sounds come as text, and later.");
      if (asked) this.ask(asked.question, asked.lost);
      else if (content.kind === "exact") this.receive({ kind: "lost" }, [], null); // the answer came late, and empty
      else this.model.send({ kind: "again", what: content.kind, source: content.source });
      return;
    }
    this.note("silent", null);
    if (asked) {
      this.asked = null;
      clearTimeout(this.timer);
    }
    this.receive(content, arrays, asked?.question ?? null);
  }
}
