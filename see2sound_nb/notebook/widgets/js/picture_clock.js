/**
 * The clock of a clip: the film that is shown, muted, or where there is none, time itself.
 *
 * What is told is the moment of the frame on the screen (`requestVideoFrameCallback`), not of the film's own clock, which
 * runs ahead of it. The sound has no part in this: pause, seek and the gap of a loop are none of its business.
 */
import { htmlNode } from "./dom.js";

/** A film that has shown no new frame for so long, though it runs, is asked for its time. */
const SILENT_MS = 200;

export class PictureClock {
  /**
   * @param {number} end of the clip, in seconds
   * @param {(time: number) => void} onTime is told the moment that is shown
   * @param {() => void} onChange is told when it starts or stops, or there is a film, or there is none
   */
  constructor(end, onTime, onChange) {
    Object.assign(this, { end, onTime, onChange });
    this.running = false;
    this.time = 0; // told last
    this.video = null; // once it is known that it shows something
    this.sought = null; // the moment to go to once the film has got to the one before
    this.told = 0; // when
    this.request = 0;
    this.address = "";
  }

  /** Show a film from now on. @returns {Promise<boolean>} whether this browser can */
  show(blob) {
    this.address = URL.createObjectURL(blob);
    const video = htmlNode("video", { playsinline: true, loop: true, preload: "auto", tabindex: -1, "aria-hidden": "true" });
    video.muted = true; // the attribute alone does not mute an element that a script has made
    video.disablePictureInPicture = true;
    return new Promise((resolve) => {
      video.addEventListener("error", () => resolve(false));
      // Of some codings Chromium plays the sound over a black picture, without an error.
      video.addEventListener("loadeddata", () => resolve(video.videoWidth > 0));
      video.src = this.address;
    }).then((shown) => {
      if (!shown || !this.address) {
        video.removeAttribute("src");
        return false;
      }
      this.#take(video);
      return true;
    });
  }

  #take(video) {
    this.video = video;
    const frames = (_, { mediaTime }) => {
      this.#tell(mediaTime);
      video.requestVideoFrameCallback(frames);
    };
    video.requestVideoFrameCallback?.(frames);
    video.addEventListener("seeked", () => {
      if (this.sought !== null) this.#seek();
      else this.#tell(video.currentTime);
    });
    video.addEventListener("timeupdate", () => this.#ask()); // a page that is hidden gets nothing else
    // Taken to another place of the page, or to the background, it stops by itself.
    video.addEventListener("pause", () => this.running && setTimeout(() => this.running && this.#start(), 50));
    if (this.time > 0) this.seek(this.time);
    if (this.running) this.#start();
    this.onChange();
  }

  #start() {
    this.video?.play().catch(() => {}); // another call has stopped it, or the page is going
  }

  play() {
    if (this.running) return;
    this.running = true;
    this.last = performance.now();
    this.#start();
    this.#tick();
    this.onChange();
  }

  pause() {
    if (!this.running) return;
    this.running = false;
    cancelAnimationFrame(this.request);
    this.video?.pause();
    this.onChange();
  }

  /** Go to a moment, in seconds. */
  seek(time) {
    const inside = Math.min(this.end, Math.max(0, time));
    if (!this.video) {
      this.#tell(inside);
      return;
    }
    this.sought = inside;
    if (!this.video.seeking) this.#seek(); // else when it has got there
  }

  #seek() {
    this.video.currentTime = this.sought;
    this.sought = null;
  }

  /** While it runs: what moves time where there is no film, and looks after a film that says nothing. */
  #tick() {
    this.request = requestAnimationFrame((now) => {
      if (!this.running) return;
      if (!this.video) this.#tell((this.time + Math.max(0, now - this.last) / 1000) % this.end);
      else this.#ask();
      this.last = now;
      this.#tick();
    });
  }

  #ask() {
    const quiet = !this.video.requestVideoFrameCallback || performance.now() - this.told > SILENT_MS;
    if (quiet && !this.video.seeking) this.#tell(this.video.currentTime);
  }

  #tell(time) {
    this.time = time;
    this.told = performance.now();
    this.onTime(time);
  }

  dispose() {
    this.running = false;
    cancelAnimationFrame(this.request);
    this.video?.pause();
    this.video?.remove();
    if (this.video) this.video.removeAttribute("src");
    URL.revokeObjectURL(this.address);
    this.address = "";
  }
}
