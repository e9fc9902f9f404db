/**
 * The live room without its face: it follows the model, does what the view asks, and hears the kernel.
 *
 * What is heard of the sources is in tiers.js, and how it comes to sound in sound.js.
 */
import { Clip, modelInTime } from "./clip.js";
import { directionOf, keptInside, listenerIn } from "./geometry.js";
import { Head, interauralCues, seenByTurnedHead } from "./head.js";
import { KernelLine, guardedModel } from "./kernel_line.js";
import { floats, hostNote, rowsOf } from "./messages.js";
import { RoomSound } from "./sound.js";
import { Tiers } from "./tiers.js";

/** A browser that allows sound has begun after this. */
const UNLOCK_MS = 500;
const LEVEL_TRAITS = ["muted", "soloed", "levels_db", "ambience_level_db", "ambience_muted"];
const ROOM_TRAITS = ["room_size", "absorption", "max_order", "head_yaw_deg"];

/** The ambience in each layout: a loop for every channel; those that were not sent are silent. */
function aroundOf({ ambience_rows: rows, channel_names: names }, arrays) {
  return Object.fromEntries(
    Object.entries(rows).map(([layout, playing], n) => {
      const loops = rowsOf(arrays[n], playing.length);
      const silence = new Float32Array(loops[0]?.length ?? 1);
      return [layout, names[layout].map((_, row) => loops[playing.indexOf(row)] ?? silence)];
    }),
  );
}

export class LiveEngine extends EventTarget {
  /** @param {object} model the widget's model, as anywidget gives it */
  constructor(model) {
    super();
    const note = (subject, text, kind) => this.#note(subject, text, kind);
    this.clip = null; // a photo has none
    this.model = modelInTime(guardedModel(model, note), () => this.clip);
    this.assets = null;
    this.hostNote = hostNote();
    this.views = 0;
    this.notes = new Map(); // what there is to say, by subject
    this.latencyTimer = null;
    this.sound = new RoomSound(this.model, note, () => {
      if (this.sounds) this.#note("play", null); // it took a browser longer than UNLOCK_MS
      this.#changed("sound");
    });
    this.kernel = new KernelLine(this.model, note, (content, arrays, question) => this.#receive(content, arrays, question));
    this.tiers = new Tiers(this.model, this.kernel, this.sound);
    this.#listen();
    this.kernel.ask({ kind: "start" });
  }

  // What the view asks ------------------------------------------------------------------------------------------------

  get sounds() {
    return this.sound.sounds;
  }

  get status() {
    const [text, kind] = [...this.notes.values()].at(-1) ?? [this.assets ? "Ready." : "Waiting for the kernel.", "ok"];
    return { text, kind };
  }

  get latency() {
    return this.tiers.latency;
  }

  cues(k) {
    const position = this.model.get("positions")[k];
    if (!this.assets || !position) return null;
    const seen = seenByTurnedHead(position, this.tiers.yaw);
    return { ...directionOf(position), ...interauralCues(this.assets.head, seen, this.assets.sample_rate) };
  }

  /** Whether source k can be heard and seen now: of a clip, whether it is in the shot. */
  isPresent(k) {
    return this.clip?.has(k) ?? true;
  }

  meters() {
    return this.sound.meters(this.assets ? this.#channelCount() : 0);
  }

  // What the view does ------------------------------------------------------------------------------------------------

  /** Start the sound; call it in the handler of a click, or the browser keeps it silent. */
  async play() {
    if (!this.assets) {
      this.#note("play", "The sounds have not arrived yet; try again in a moment.", "warning");
      return;
    }
    this.#note("play", null);
    const { sound } = this;
    try {
      sound.open(this.assets.sample_rate);
    } catch (error) {
      this.#note("play", `This browser plays no sound here (${error.message}).`, "error");
      return;
    }
    if (!sound.maxChannels) { // some browsers say so where there is no sound output
      this.#note("play", "This computer has no sound output: connect headphones, then press play.", "error");
      this.#release();
      return;
    }
    const started = sound.resume();
    sound.sayHowItIsPlayed();
    if (!sound.graph) this.#build();
    this.setTrait("playing", true);
    this.clip?.play();
    await Promise.race([started, new Promise((resolve) => setTimeout(resolve, UNLOCK_MS))]);
    if (sound.context && sound.context.state !== "running") {
      this.#note("play", "The browser keeps the sound off until you press play in this widget.", "warning");
    }
    this.#changed("sound");
  }

  pause() {
    this.#release();
  }

  /**
   * Put source k somewhere: it is heard there at once.
   *
   * @param {number} k @param {number[]} position metres, listener's frame
   * @param {number} [timeStamp] of the event that asked for it
   * @returns {number[]} where it is now: inside the room
   */
  move(k, position, timeStamp = performance.now()) {
    if (!this.assets) {
      this.#note("place", "The kernel has not answered yet; sources can be moved in a moment.", "warning");
      return this.tiers.positions[k];
    }
    const place = keptInside(position, this.tiers.room).map((value) => Math.round(value * 1000) / 1000);
    const positions = this.model.get("positions").map((other, n) => (n === k ? place : other));
    this.tiers.stamp = timeStamp;
    this.model.set("positions", positions);
    this.tiers.stamp = null;
    this.model.save_changes();
    const held = position.some((value, axis) => Math.abs(value - place[axis]) > 2e-3);
    this.#note("place", held ? `Source ${k + 1} stays inside the room, and out of the listener's head.` : null, "ok");
    return place;
  }

  /** Give the room another size, in metres; the listener keeps its share of it, and sources stay inside. */
  resize(size) {
    const room = { size, listener: listenerIn(size, this.assets.first_room) };
    const before = this.tiers.positions;
    const inside = before.map((position) => keptInside(position, room));
    this.model.set("room_size", size);
    this.model.set("listener", room.listener);
    if (!this.clip) this.model.set("positions", inside); // paths are kept inside as they are followed
    this.model.save_changes();
    const pushed = inside.some((place, k) => place.some((value, axis) => value !== before[k][axis]));
    this.#note("place", pushed ? "The walls have come nearer; sources were moved inside." : null);
  }

  /** Ask the kernel for a new sound of source k. */
  generate(k, prompt) {
    this.#note("error generate", null);
    this.model.send({ kind: "generate", source: k, prompt });
  }

  // Life -------------------------------------------------------------------------------------------------------------

  /** A view appears; returns what takes it away. The sound ends with the last view. */
  addView() {
    this.views++;
    if (this.assets) this.#followPlaying();
    return () => {
      if (--this.views === 0) this.#release();
    };
  }

  dispose() {
    this.#release();
    this.clip?.dispose();
    this.kernel.close();
    clearTimeout(this.latencyTimer);
    for (const [name, listener] of this.listeners) this.model.off(name, listener);
  }

  #channelCount() {
    return this.assets.channel_names[this.model.get("channel_layout")].length;
  }

  #build() {
    const { loops, around } = this.assets;
    const layout = this.model.get("channel_layout");
    const beds = this.clip ? this.clip.beds.map((bed) => bed[layout]) : around[layout] ? [around[layout]] : [];
    this.sound.build(loops, beds, this.#channelCount());
    this.tiers.fill(this.sound.graph);
  }

  #release() {
    this.sound.release();
    this.clip?.pause();
    if (this.model.get("playing")) this.setTrait("playing", false);
    this.#changed("sound");
  }

  // The model -------------------------------------------------------------------------------------------------------

  #listen() {
    const { model } = this;
    this.listeners = [
      ["change:positions", () => this.tiers.followPositions()],
      ["change:playing", () => this.#followPlaying()],
      ["change:channel_layout", () => this.#followLayout()],
      ["change:gain_db", () => this.sound.followGain()],
      ...LEVEL_TRAITS.map((name) => [`change:${name}`, () => this.sound.followLevels()]),
      ...ROOM_TRAITS.map((name) => [`change:${name}`, () => this.tiers.followRoom()]),
      ["change:message", () => this.#note("kernel", model.get("message") || null, "warning")],
    ];
    for (const [name, listener] of this.listeners) model.on(name, listener);
    if (model.get("message")) this.#note("kernel", model.get("message"), "warning");
  }

  #followLayout() {
    if (!this.assets) return;
    this.sound.sayHowItIsPlayed();
    this.tiers.forget();
    if (this.sound.graph) this.#build();
    this.tiers.ask();
  }

  #followPlaying() {
    const wanted = this.model.get("playing");
    if (wanted && !this.sounds && this.views) this.play();
    if (!wanted && this.sound.context) this.#release();
  }

  setTrait(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  // The kernel's messages ---------------------------------------------------------------------------------------------

  #receive(content, arrays, question) {
    if (content.kind === "start") this.#start(content, arrays);
    if (content.kind === "exact") this.#exact(content, arrays, question !== null);
    if (content.kind === "sound") this.#newLoop(content, arrays);
    if (content.kind === "picture") this.clip?.take(content, arrays);
    if (content.kind === "progress") this.dispatchEvent(new CustomEvent("progress", { detail: content }));
    if (content.kind === "error") this.#note(`error ${content.about}`, content.text, "error");
    else this.#note(`error ${content.kind}`, null);
    if (content.kind === "lost" || (content.kind === "error" && question)) this.tiers.missed();
    if (content.kind !== "error") this.tiers.ask(); // after an error the next move asks again, and not at once
  }

  #start(content, arrays) {
    const [photo, loops, corners, inverses, responses, times, ...rest] = arrays;
    const head = new Head({
      corners: new Int32Array(corners.buffer), inverses: floats(inverses), responses: floats(responses), times: floats(times),
    });
    const order = content.clip?.loop_of ?? this.tiers.positions.map((_, k) => k); // of a clip some share a loop
    const loopRows = rowsOf(loops, Math.max(-1, ...order) + 1);
    const around = aroundOf(content, content.clip ? [] : rest);
    const picture = new Blob([photo], { type: "image/jpeg" });
    this.assets = { ...content, photo: picture, loops: order.map((row) => loopRows[row]), head, around };
    this.clip?.dispose();
    this.clip = content.clip ? new Clip(this, content.clip, rest) : null;
    this.tiers.start(this.assets, this.clip);
    if (this.clip) this.model.send({ kind: "picture" });
    this.#note("place", null);
    this.#note("play", null);
    this.#changed("ready");
    this.#changed("status");
    if (this.model.get("playing")) this.#followPlaying();
  }

  #exact(content, arrays, asked) {
    if (content.layout !== this.model.get("channel_layout")) return;
    this.tiers.receive(content, arrays, asked);
    this.#changed("exact");
    this.#reportLatency();
  }

  #newLoop({ source }, [loop]) {
    this.#note("error generate", null);
    if (this.assets) {
      this.assets.loops[source] = floats(loop);
      this.sound.graph?.setLoop(source, this.assets.loops[source]);
    } // else it comes with the assets
    this.dispatchEvent(new CustomEvent("progress", { detail: { source, done: 1, total: 1, text: "" } }));
  }

  /** Tell the model now and then, so that Python can read it too. */
  #reportLatency() {
    clearTimeout(this.latencyTimer);
    this.latencyTimer = setTimeout(() => this.latency.browser && this.setTrait("latency_ms", this.latency), 500);
  }

  // ----------------------------------------------------------------------------------------------------------------

  #note(subject, text, kind = "ok") {
    const before = this.status.text;
    this.notes.delete(subject);
    if (text) this.notes.set(subject, [text, kind]);
    if (this.status.text !== before) this.#changed("status");
  }

  #changed(what) {
    this.dispatchEvent(new Event(what));
  }
}
