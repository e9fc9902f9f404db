/** A study as one sees it: consent, then one question at a time; each answer is kept before the next one is shown. */
import { htmlNode, putText } from "./dom.js";
import { Courier } from "./study_lines.js";
import { StudyPlayer } from "./study_player.js";
import { choicesOf } from "./study_choices.js";
import { stepsOf } from "./study_steps.js";
import { ElsewhereError, StudyStore } from "./study_store.js";

/** The first question after this one begins with a look at the headphones. */
const CONSENT_SEQUENCE = 1;
const LETTERS = ["A", "B", "C"];
let studyViewCount = 0;

function button(control, text, action, kind = "") {
  const node = htmlNode("button", { type: "button", class: `s2s-button ${kind}`, "data-control": control }, text);
  node.addEventListener("click", action);
  return node;
}

export class StudyView {
  /**
   * A view that stands where its listener stands.
   *
   * @param {object} study as `Study.public` of Python gives it
   * @param {Map<string, Uint8Array>} media JPEGs and WAVs
   * @param {object | null} line where answers go beside the browser's store
   */
  static async open(study, media, line) {
    return new StudyView(study, media, await StudyStore.open(study.key), line);
  }

  constructor(study, media, store, line) {
    Object.assign(this, { study, store });
    this.urls = new Map(
      [...media].map(([key, bytes]) => {
        const type = key in study.pictures ? "image/jpeg" : "audio/wav";
        return [key, URL.createObjectURL(new Blob([bytes], { type }))];
      }),
    );
    this.courier = new Courier(study, this.store, line, () => this.tell());
    this.heading = `s2s-question-${++studyViewCount}`;
    this.players = [];
    this.item = null;
    this.build();
    this.tabs = new BroadcastChannel(store.name); // another tab has answered, or withdrawn
    this.tabs.onmessage = () => this.reload();
    this.courier.deliver();
    this.begin();
    this.root.dataset.ready = "true";
  }

  build() {
    this.progress = htmlNode("progress", { max: "1", value: "0", "aria-label": "Progress" });
    this.place = htmlNode("p", { class: "s2s-place" });
    this.picture = htmlNode("div", { class: "s2s-pictures" });
    this.sounds = htmlNode("div", { class: "s2s-sounds" });
    this.asked = htmlNode("div", { class: "s2s-asked" });
    this.intro = htmlNode("p", { class: "s2s-intro" });
    this.card = htmlNode("div", { class: "s2s-card" }, this.picture, htmlNode("div", { class: "s2s-side" }, this.intro, this.sounds, this.asked));
    this.status = htmlNode("p", { class: "s2s-status", role: "status", "aria-live": "polite" });
    this.download = button("download", "Download my answers", () => this.save());
    this.withdraw = button("withdraw", "Withdraw", () => this.confirm(true));
    this.sure = htmlNode(
      "div",
      { class: "s2s-sure", role: "group", "aria-label": "Withdraw?", hidden: true },
      htmlNode("p", {}, "Delete all your answers, here and wherever they were sent? This cannot be undone."),
      button("withdraw-yes", "Delete my answers", () => this.leave(), "s2s-main"),
      button("withdraw-no", "Go on with the study", () => this.confirm(false)),
    );
    this.root = htmlNode(
      "section",
      { class: "s2s-study", "data-ready": "false", "aria-label": this.study.title, "data-lm-suppress-shortcuts": "true" },
      htmlNode("header", {}, htmlNode("h1", {}, this.study.title), this.place, this.progress),
      this.card,
      htmlNode("footer", {}, this.status, htmlNode("div", { class: "s2s-bar" }, this.download, this.withdraw), this.sure),
    );
  }

  close() {
    this.courier.close();
    this.tabs.close();
    this.clear();
    for (const url of this.urls.values()) URL.revokeObjectURL(url);
  }

  /** From where this listener stands. */
  begin() {
    this.steps = stepsOf(this.study, this.store.participant);
    this.checked = this.store.next > CONSENT_SEQUENCE + 1; // who comes back has heard the headphones
    this.note = this.checked ? "Welcome back: you go on where you stopped." : "";
    this.item = null;
    this.show();
  }

  /** What another tab has left. */
  async reload() {
    if (!this.store.lasting) return;
    await this.store.load();
    this.courier.deliver();
    this.begin();
  }

  /** The page for the next answer. */
  show() {
    const { store, steps } = this;
    this.confirm(false, false);
    const total = steps.length - 1;
    const step = steps[store.next - 1];
    this.progress.value = Math.min(1, (store.next - 1) / total);
    this.began = performance.now();
    if (!step) this.showEnd();
    else if (!step.item) this.showConsent();
    else if (!this.checked) this.showHeadphones();
    else this.showQuestion(step);
    this.tell();
    this.asked.querySelector("h2")?.focus({ preventScroll: true });
  }

  showConsent() {
    this.clear();
    putText(this.place, "Before you begin");
    this.ask(
      "Do you want to take part?",
      htmlNode("div", { class: "s2s-consent" }, ...this.study.consent.map((text) => htmlNode("p", {}, text))),
      button("agree", "I agree, and take part", () => this.answer("yes"), "s2s-main"),
    );
  }

  showHeadphones() {
    this.clear();
    putText(this.place, "Before you begin");
    for (const side of ["left", "right"]) this.addPlayer(side, `on the ${side}`);
    this.ask(
      "Put on headphones",
      htmlNode("p", {}, "Begin at a low volume. Play both sounds, and turn it up until they are comfortable; then leave it as it is."),
      htmlNode(
        "p",
        {},
        "If left and right are exchanged, turn the headphones round. If you hear both on both sides, switch off \u201cmono\u201d and " +
          "\u201cspatial audio\u201d in your device\u2019s settings; a phone must not be muted.",
      ),
      button(
        "checked",
        "It is as it should be",
        () => {
          this.checked = true;
          this.show();
        },
        "s2s-main",
      ),
    );
  }

  showQuestion({ part, item, question, sounds }) {
    const { study } = this;
    const questions = this.steps.filter((step) => step.item === item);
    const k = questions.findIndex((step) => step.question === question) + 1;
    if (this.item !== item) {
      this.clear();
      this.item = item;
      const { name, text } = study.parts[part];
      putText(this.place, part ? `Part ${part} of ${study.parts.length - 1}: ${name}` : name);
      putText(this.intro, text);
      const many = item.pictures.length > 1;
      if (!many) this.addPictures(item.pictures);
      sounds.forEach((sound, n) => {
        const name = many ? `sound ${n + 1}` : sounds.length > 1 ? `clip ${LETTERS[n]}` : "the sound";
        this.addPlayer(sound, name);
      });
    }
    for (const player of this.players) {
      player.node.toggleAttribute("data-asked", sounds.length > 1 && player.sound === question.sound);
    }
    const names = new Map(sounds.map((sound, n) => [sound, `Clip ${LETTERS[n]}`]));
    const choices = choicesOf(question, { names, sounds, pictures: study.pictures, urls: this.urls }, (value) => this.answer(value));
    this.choices = htmlNode(
      "fieldset",
      { class: "s2s-choices", "data-kind": question.kind, "aria-labelledby": this.heading },
      ...choices,
    );
        this.hint = htmlNode("span", {});
    const which = question.sound ? `Sound ${sounds.indexOf(question.sound) + 1}: ` : "";
    const count = questions.length > 1 ? htmlNode("span", {}, `Question ${k} of ${questions.length}`) : "";
    this.ask(
      which + question.text,
      question.note ? htmlNode("p", {}, question.note) : "",
      htmlNode("p", { class: "s2s-hint" }, count, this.hint),
      this.choices,
      button("skip", "Skip this question", () => this.answer(null), "s2s-quiet"),
    );
    this.unlock();
  }

  showEnd() {
    this.clear();
    putText(this.place, "The end");
    const served = this.courier.line !== null;
    this.ask(
      "Thank you!",
      htmlNode(
        "p",
        {},
        served
          ? "That was the last question. When the line below says that all answers are kept, you can close this page."
          : "That was the last question. Download your answers, and give the file to whoever runs the study.",
      ),
      served ? "" : button("download-end", "Download my answers", () => this.save(), "s2s-main"),
      (this.another = button("another", "Let another person begin", () => this.startAgain())),
    );
  }

  /** Whether what is asked about has been heard. */
  unlock() {
    if (!this.choices?.isConnected) return;
    const question = this.steps[this.store.next - 1]?.question;
    const needed = this.players.filter((player) => !question?.sound || player.sound === question.sound);
    const failed = needed.some((player) => player.failed);
    const locked = !failed && needed.some((player) => !player.heard);
    this.choices.disabled = locked;
    const listen = needed.length > 1 ? "Listen to both; then answer." : "Listen to the end; then answer.";
    putText(this.hint, failed ? "A sound cannot be played here: skip this question." : locked ? listen : "");
  }

  /** Keep an answer, then go on. */
  async answer(value) {
    if (this.busy) return;
    this.busy = true;
    const { store, courier } = this;
    const { item, question } = this.steps[store.next - 1];
    const answer = {
      schema: this.study.schema,
      study: this.study.key,
      participant: store.participant,
      sequence: store.next,
      item: item?.key ?? "consent",
      question: question.key,
      value,
      plays: Math.min(1000, this.players.reduce((sum, player) => sum + player.plays, 0)),
      seconds: Math.round((performance.now() - this.began) / 10) / 100,
    };
    this.note = "";
    this.root.setAttribute("aria-busy", "true");
    let kept = false;
    try {
      kept = await store.add(answer);
      if (!(kept && courier.lost)) await courier.deliver(); // a line that is lost tries by itself
    } catch (error) {
      if (!(error instanceof ElsewhereError)) throw error;
      await this.reload();
      return;
    } finally {
      this.root.removeAttribute("aria-busy");
      this.busy = false;
    }
    this.tabs.postMessage("answered");
    if (!kept && !store.acknowledged.has(answer.sequence)) {
      store.drop(answer.sequence);
      this.note = "Your answer could not be kept: the browser has no store for this page. Answer again, or use another browser.";
      this.tell();
      return;
    }
    this.show();
  }

  ask(title, ...content) {
    const heading = htmlNode("h2", { id: this.heading, tabindex: "-1" }, title);
    this.asked.replaceChildren(heading, ...content.filter(Boolean));
  }

  addPlayer(sound, name) {
    const player = new StudyPlayer(this.urls.get(sound), name, () => this.unlock());
    player.sound = sound;
    this.players.push(player);
    this.sounds.append(player.node);
  }

  addPictures(keys) {
    for (const key of keys) this.picture.append(htmlNode("img", { src: this.urls.get(key), alt: this.study.pictures[key] }));
  }

  clear() {
    for (const player of this.players) player.close();
    this.players = [];
    this.item = null;
    this.choices = null;
    putText(this.intro, "");
    this.picture.replaceChildren();
    this.sounds.replaceChildren();
    this.asked.replaceChildren();
  }

  /** Where the answers are. */
  tell() {
    const { store, courier } = this;
    const count = store.answers.size;
    const line = courier.line;
    const all = count === 1 ? "Your answer is" : `All ${count} answers are`;
    const here = store.lasting ? "in this browser" : "in this page only: do not close it";
    let text = count ? `${all} kept ${here}.` : "";
    let kind = store.lasting ? "ok" : "warning";
    if (line && courier.refusal) {
      text = `${text} Not taken by ${line.name}: ${courier.refusal}.`;
      kind = "error";
    } else if (line && store.withdrawing.length) {
      text = `Your answers are deleted here. Deleting them on ${line.name} waits for an answer; leave this page open.`;
      kind = "warning";
    } else if (line && courier.lost && count) {
      text = `${all} kept ${here}; ${line.name} does not answer. They are sent when it does; just go on.`;
      kind = "warning";
    } else if (line && count && !store.pending.length) {
      text = `${all} kept${store.lasting ? " in this browser and" : ""} on ${line.name}.`;
      kind = "ok";
    }
    putText(this.status, [this.note, text].filter(Boolean).join(" "));
    this.status.dataset.kind = kind;
    this.download.hidden = this.withdraw.hidden = count === 0;
    if (this.another) this.another.disabled = line ? store.pending.length > 0 : !this.saved;
  }

  save() {
    const url = URL.createObjectURL(new Blob([this.store.lines], { type: "application/x-ndjson" }));
    const link = htmlNode("a", { href: url, download: `answers-${this.store.participant.slice(0, 8)}.jsonl` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    this.saved = true;
    this.tell();
  }

  confirm(open, focus = true) {
    this.sure.hidden = !open;
    if (focus) (open ? this.sure.querySelector("button") : this.withdraw).focus();
  }

  /** Withdraw: nothing of this listener stays. */
  async leave() {
    await this.store.leave(this.courier.line !== null);
    this.tabs.postMessage("left");
    this.begin();
    this.note = "Your answers are deleted.";
    this.tell();
    this.courier.deliver();
  }

  async startAgain() {
    await this.store.leave(false);
    this.tabs.postMessage("left");
    this.saved = false;
    this.begin();
  }
}
