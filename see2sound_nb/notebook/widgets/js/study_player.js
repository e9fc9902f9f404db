/** A sound with one button, as it is in its file: no change of level, no spatialiser, no loop. */
import { htmlNode, putAttribute, putText } from "./dom.js";

/** From so much of a sound on it counts as heard; the rest fades. */
const HEARD = 0.9;
const players = new Set();

/** Stop all sounds of the page: never two at once. */
function stopOthers(own) {
  for (const player of players) if (player !== own) player.stop();
}

export class StudyPlayer {
  /**
   * @param {string} url of the sound
   * @param {string} name what the button says, such as "Clip A"
   * @param {() => void} changed called when the sound has been heard, or cannot be
   */
  constructor(url, name, changed) {
    Object.assign(this, { name, changed, plays: 0, heard: false, failed: false });
    this.audio = new Audio(url);
    this.audio.preload = "auto";
    this.sign = htmlNode("span", { class: "s2s-sign", "aria-hidden": "true" });
    this.text = htmlNode("span", {});
    this.button = htmlNode("button", { type: "button", class: "s2s-button s2s-main s2s-play", "data-control": "play" }, this.sign, this.text);
    this.bar = htmlNode("span", { class: "s2s-heard", "aria-hidden": "true" });
    this.node = htmlNode("div", { class: "s2s-player" }, this.button, this.bar);
    this.button.addEventListener("click", () => (this.audio.paused ? this.play() : this.stop()));
    this.audio.addEventListener("ended", () => this.#done());
    this.audio.addEventListener("error", () => this.#fail());
    players.add(this);
    this.draw();
  }

  async play() {
    stopOthers(this);
    this.audio.currentTime = 0;
    this.plays += 1;
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.#fail(); // that is a stop before it began
    }
    this.draw();
    const follow = () => {
      const share = this.audio.currentTime / (this.audio.duration || Infinity);
      this.bar.style.setProperty("--s2s-share", share);
      if (share >= HEARD) this.#done();
      if (!this.audio.paused) this.frame = setTimeout(follow, 50); // goes on in a tab that is not seen
      else this.draw();
    };
    clearTimeout(this.frame);
    follow();
  }

  stop() {
    this.audio.pause();
    this.draw();
  }

  draw() {
    const playing = !this.audio.paused && !this.audio.ended;
    putAttribute(this.button, "aria-pressed", playing);
    putText(this.sign, playing ? "\u25a0" : "\u25b6");
    putText(this.text, this.failed ? `${this.name} cannot be played` : `${playing ? "Stop" : "Play"} ${this.name}`);
  }

  #done() {
    if (!this.heard) {
      this.heard = true;
      this.changed();
    }
    this.draw();
  }

  #fail() {
    this.failed = true;
    this.draw();
    this.changed();
  }

  close() {
    clearTimeout(this.frame);
    this.audio.pause();
    this.audio.removeAttribute("src");
    players.delete(this);
  }
}
