/** A clip in the live room: the picture's clock leads, and the sources, their levels and the ambience follow its frame. */
import { rowsOf, floats } from "./messages.js";
import { PathResponses } from "./path_responses.js";
import { PictureClock } from "./picture_clock.js";
import { Timeline } from "./timeline.js";

/** While it runs, Python is told the time so often. */
const TELL_MS = 500;
/** The sources of the next shot get their responses so long before the cut; those of the last keep them so long. */
const BEFORE_CUT_S = 0.3;

/** The widget's model, whose positions are those of the frame that is shown: what sets them sets offsets of the paths. */
export function modelInTime(model, clip) {
  return {
    ...model,
    get: (name) => (name === "positions" && clip() ? clip().places : model.get(name)),
    set(name, value) {
      if (name === "positions" && clip()) model.set("offsets_m", clip().offsetsFor(value));
      else model.set(name, value);
    },
  };
}

export class Clip {
  /**
   * @param {LiveEngine} engine
   * @param {object} told `content.clip` of the kernel's first message
   * @param {Uint8Array[]} arrays the tracks, then for each ambience and layout its loops
   */
  constructor(engine, told, [tracks, ...loops]) {
    Object.assign(this, { engine, told });
    this.timeline = new Timeline(told, floats(tracks));
    this.beds = this.#beds(engine.assets.channel_names, loops);
    this.responses = new PathResponses(this);
    this.frame = 0;
    this.sought = null; // the frame that was asked for, until it is shown
    this.whyNoPicture = "";
    this.toldTime = 0;
    this.tellTimer = null;
    this.clock = new PictureClock(
      this.timeline.end,
      (time) => this.#shown(time),
      () => this.#changed(),
    );
    this.listeners = [
      ["change:offsets_m", () => this.follow()],
      ["change:room_size", () => this.follow()],
      ["change:time_s", () => this.#followTime()],
      ["change:running", () => this.#followRunning()],
    ];
    for (const [name, listener] of this.listeners) engine.model.on(name, listener);
    this.#followTime();
    this.#followRunning();
    this.follow();
  }

  /** The loops of each ambience in each layout; channels that were not sent are silent. */
  #beds(names, loops) {
    const next = loops.values();
    return this.told.bed_rows.map((rows) =>
      Object.fromEntries(
        Object.entries(rows).map(([layout, playing]) => {
          const sent = rowsOf(next.next().value, playing.length);
          const silence = new Float32Array(sent[0]?.length ?? 1);
          return [layout, names[layout].map((_, row) => sent[playing.indexOf(row)] ?? silence)];
        }),
      ),
    );
  }

  // The picture -------------------------------------------------------------------------------------------------------

  /** The kernel has sent the film, or why there is none. */
  async take({ mime, codec, text }, [film]) {
    const shown = film && (await this.clock.show(new Blob([film], { type: mime })));
    const why = text || `This browser cannot show the clip's picture (codec ${codec}); the sound works.`;
    this.whyNoPicture = shown ? "" : why;
    this.#changed();
  }

  get running() {
    return this.clock.running;
  }

  play() {
    this.clock.play();
  }

  pause() {
    this.clock.pause();
  }

  /** Show the frame of a moment, in seconds. */
  seek(time) {
    this.sought = this.timeline.frameAt(time);
    this.clock.seek(this.timeline.middleOf(this.sought));
  }

  /** Show the next frame, or with -1 the one before; from the one that is sought if it is not there yet. */
  step(frames) {
    const last = this.timeline.times.length - 1;
    this.seek(this.timeline.times[Math.min(last, Math.max(0, (this.sought ?? this.frame) + frames))]);
  }

  /** When the frame that is shown began, in seconds. */
  get time() {
    return this.timeline.times[this.frame];
  }

  /** The number of the shot that is shown. */
  get shot() {
    return this.timeline.shotAt(this.frame);
  }

  #shown(time) {
    const frame = this.timeline.frameAt(time);
    if (frame === this.sought || this.running) this.sought = null;
    if (frame === this.frame) return;
    const { shot } = this;
    this.frame = frame;
    this.follow();
    this.engine.dispatchEvent(new Event("time"));
    if (this.shot !== shot) this.engine.dispatchEvent(new Event("shot"));
    this.#tell();
  }

  // The sound follows -------------------------------------------------------------------------------------------------

  /** Where all sources are heard now, in metres. */
  get places() {
    return this.engine.model.get("labels").map((_, k) => this.placeOf(k, this.frame));
  }

  placeOf(k, frame) {
    const { model, assets } = this.engine;
    const room = { size: model.get("room_size"), listener: model.get("listener") ?? assets.first_room.listener };
    return this.timeline.place(k, frame, model.get("offsets_m")[k], room);
  }

  /** The places of source k in all frames of the shot that is shown; none if it is not in it. */
  way(k) {
    const { first, last } = this.timeline.shots[this.shot];
    if (!this.has(k)) return [];
    return Array.from({ length: last - first + 1 }, (_, n) => this.placeOf(k, first + n));
  }

  /** The offsets with which the sources are at these places now; those that stay keep theirs. */
  offsetsFor(places) {
    const [now, before] = [this.places, this.engine.model.get("offsets_m")];
    return places.map((place, k) =>
      place.every((value, axis) => value === now[k][axis])
        ? before[k]
        : place.map((value, axis) => Math.round(1000 * (value - this.timeline.path(k, this.frame)[axis])) / 1000),
    );
  }

  has(k) {
    return this.timeline.has(k, this.frame);
  }

  /** Whether source k needs its responses: it is in the shot, or will be in a moment. */
  isNear(k) {
    const { timeline, frame } = this;
    return timeline.has(k, frame) || timeline.has(k, timeline.frameAt((this.time + BEFORE_CUT_S) % timeline.end));
  }

  /** Levels, places and ambience are those of the frame that is shown. */
  follow() {
    const { sound, tiers } = this.engine;
    const shot = this.timeline.shots[this.shot];
    sound.follow({
      heard: this.engine.model.get("labels").map((_, k) => this.timeline.gain(k, this.frame)),
      present: (k) => this.has(k),
      bedWeights: this.beds.map((_, n) => (n === shot.bed ? shot.bed_gain : 0)),
    });
    tiers.followPath();
  }

  // The model ---------------------------------------------------------------------------------------------------------

  #changed() {
    const { engine } = this;
    if (engine.model.get("running") !== this.running) engine.setTrait("running", this.running);
    if (!this.running) engine.tiers.stopped();
    this.#tell();
    engine.dispatchEvent(new Event("status"));
  }

  /** Tell Python what is shown, while it runs not at every frame. */
  #tell() {
    if (this.tellTimer) return;
    this.tellTimer = setTimeout(
      () => {
        this.tellTimer = null;
        if (Math.abs(this.time - this.toldTime) < 1e-4) return;
        this.toldTime = Math.round(this.time * 1e4) / 1e4;
        this.engine.setTrait("time_s", this.toldTime);
      },
      this.running ? TELL_MS : 50,
    );
  }

  #followTime() {
    const time = this.engine.model.get("time_s");
    if (Math.abs(time - this.toldTime) < 1e-3) return; // our own word
    this.toldTime = time;
    this.seek(time);
  }

  #followRunning() {
    if (this.engine.model.get("running")) this.play();
    else this.pause();
  }

  dispose() {
    clearTimeout(this.tellTimer);
    for (const [name, listener] of this.listeners) this.engine.model.off(name, listener);
    this.clock.dispose();
  }
}
