/**
 * The live room without its face: it follows the model, renders in two tiers, and talks to the kernel.
 *
 * Tier 1, here: the first reflections, computed anew at every move. Tier 2, the kernel: the exact response; what it has
 * beyond the first reflections is the late part. Heard is always early + late, so at rest it is the exact response.
 */
import { heardAt, releaseContext, sharedContext } from "./audio_context.js";
import { directionOf, keptInside, listenerIn } from "./geometry.js";
import { RoomGraph, meterReading } from "./graph.js";
import { Head, interauralCues, seenByTurnedHead } from "./head.js";
import { KernelLine, guardedModel } from "./kernel_line.js";
import { LatencyLog } from "./latency.js";
import { combined, earlyResponse } from "./layouts.js";
import { floats, hostNote, rowsOf } from "./messages.js";

/** A browser that allows sound has begun after this. */
const UNLOCK_MS = 500;
/** How often the audio graph is looked after while fades are under way. */
const GRAPH_TICK_MS = 4;
/** The loudest sample that may leave the browser. */
const FULL_SCALE = 0.99;
/** After the volume was lowered the meters still hold what was louder. */
const METER_MEMORY_MS = 200;
/** A released graph fades out for so long before its context is let go. */
const FADE_OUT_MS = 300;
const ROOM_TRAITS = ["room_size", "absorption", "max_order", "head_yaw_deg"];

const decibels = (factor) => 20 * Math.log10(factor);
const factorOf = (db) => 10 ** (db / 20);

export class LiveEngine extends EventTarget {
  /** @param {object} model the widget's model, as anywidget gives it */
  constructor(model) {
    super();
    const note = (subject, text, kind) => this.#note(subject, text, kind);
    this.model = guardedModel(model, note);
    this.assets = null;
    this.hostNote = hostNote();
    this.maxChannels = 0;
    this.context = null;
    this.graph = null;
    this.late = []; // of each source: the exact response less its first reflections, or null
    this.moved = new Map(); // sources that the kernel has not been asked about, and when they were moved
    this.views = 0;
    this.builtAt = 0;
    this.loweredAt = 0;
    this.logs = { browser: new LatencyLog(), exact: new LatencyLog() };
    this.stamps = new Map(); // when the sources of the last question were moved
    this.stamp = null; // when the gesture happened that is being carried out
    this.notes = new Map(); // what there is to say, by subject
    this.timers = new Map();
    this.tick = null; // the next look after the audio graph
    this.onState = () => {
      if (this.sounds) this.#note("play", null); // it took a browser longer than UNLOCK_MS
      this.#changed("sound");
    };
    this.#listen();
    this.kernel = new KernelLine(this.model, note, (content, arrays, question) => this.#receive(content, arrays, question));
    this.kernel.ask({ kind: "start" });
  }

  // What the view asks ------------------------------------------------------------------------------------------------

  get sounds() {
    return this.graph !== null && this.context.state === "running";
  }

  get status() {
    const [text, kind] = [...this.notes.values()].at(-1) ?? [this.assets ? "Ready." : "Waiting for the kernel.", "ok"];
    return { text, kind };
  }

  get latency() {
    return { browser: this.logs.browser.summary(), exact: this.logs.exact.summary() };
  }

  get room() {
    const { model } = this;
    const size = model.get("room_size");
    return {
      size,
      listener: listenerIn(size, this.assets.first_room),
      absorption: model.get("absorption"),
      maxOrder: model.get("max_order"),
    };
  }

  canPlay(layout) {
    return layout !== "5.1" || this.maxChannels >= 6;
  }

  cues(k) {
    const position = this.model.get("positions")[k];
    if (!this.assets || !position) return null;
    const seen = seenByTurnedHead(position, this.#yaw());
    return { ...directionOf(position), ...interauralCues(this.assets.head, seen, this.assets.sample_rate) };
  }

  meters() {
    const channelCount = this.assets?.channel_names[this.model.get("channel_layout")].length ?? 0;
    if (!this.sounds) {
      const silent = (count) => Array(count).fill(-Infinity);
      return { channels: silent(channelCount), sources: silent(this.model.get("positions").length), peak_db: -Infinity };
    }
    const channels = this.graph.channelMeters.map(meterReading);
    const peak = Math.max(...channels.map((channel) => channel.peak));
    this.#keepBelowFullScale(peak);
    const gain = factorOf(this.model.get("gain_db"));
    return {
      channels: channels.map(({ rms }) => decibels(rms)),
      sources: this.graph.sources.map(({ meter }) => decibels(gain * meterReading(meter).rms)),
      peak_db: decibels(peak),
    };
  }

  // What the view does ------------------------------------------------------------------------------------------------

  /** Start the sound; call it in the handler of a click, or the browser keeps it silent. */
  async play() {
    if (!this.assets) {
      this.#note("play", "The sounds have not arrived yet; try again in a moment.", "warning");
      return;
    }
    this.#note("play", null);
    try {
      this.context ??= sharedContext(this.assets.sample_rate);
    } catch (error) {
      this.#note("play", `This browser plays no sound here (${error.message}).`, "error");
      return;
    }
    this.maxChannels = this.context.destination.maxChannelCount;
    if (!this.maxChannels) { // some browsers say so where there is no sound output
      this.#note("play", "This computer has no sound output: connect headphones, then press play.", "error");
      this.#release();
      return;
    }
    this.context.addEventListener("statechange", this.onState);
    const started = this.context.resume().catch(() => {}); // what its state then is, is looked at below
    this.#sayHowItIsPlayed();
    if (!this.graph) this.#build();
    this.#setTrait("playing", true);
    await Promise.race([started, new Promise((resolve) => setTimeout(resolve, UNLOCK_MS))]);
    if (this.context && this.context.state !== "running") {
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
      return this.positions[k];
    }
    const place = keptInside(position, this.room).map((value) => Math.round(value * 1000) / 1000);
    const positions = this.model.get("positions").map((other, n) => (n === k ? place : other));
    this.stamp = timeStamp;
    this.model.set("positions", positions);
    this.stamp = null;
    this.model.save_changes();
    const held = position.some((value, axis) => Math.abs(value - place[axis]) > 2e-3);
    this.#note("place", held ? `Source ${k + 1} stays inside the room, and out of the listener's head.` : null, "ok");
    return place;
  }

  /** Give the room another size, in metres; the listener keeps its share of it, and sources stay inside. */
  resize(size) {
    const room = { size, listener: listenerIn(size, this.assets.first_room) };
    const before = this.positions;
    const inside = before.map((position) => keptInside(position, room));
    this.model.set("room_size", size);
    this.model.set("listener", room.listener);
    this.model.set("positions", inside);
    this.model.save_changes();
    const pushed = inside.some((place, k) => place.some((value, axis) => value !== before[k][axis]));
    this.#note("place", pushed ? "The walls have come nearer; sources were moved inside." : null);
  }

  /** Ask the kernel for a new sound of source k. */
  generate(k, prompt) {
    this.#note("error generate", null);
    this.model.send({ kind: "generate", source: k, prompt });
  }

  /** The first reflections of a source at a place, in the present room; what `move` lets hear. */
  earlyResponse(position) {
    return this.#early(position, this.room, this.model.get("channel_layout"), this.#yaw());
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
    this.kernel.close();
    this.timers.forEach((timer) => clearTimeout(timer));
    for (const [name, listener] of this.listeners) this.model.off(name, listener);
  }

  /** No sound, and no share of the page's audio context. */
  #release() {
    const { context } = this;
    this.graph?.release();
    this.graph = null;
    this.context = null;
    if (context) {
      context.removeEventListener("statechange", this.onState);
      setTimeout(() => releaseContext(context), FADE_OUT_MS);
    }
    if (this.model.get("playing")) this.#setTrait("playing", false);
    this.#changed("sound");
  }

  // The model -------------------------------------------------------------------------------------------------------

  #listen() {
    const { model } = this;
    this.positions = model.get("positions");
    this.listeners = [
      ["change:positions", () => this.#followPositions()],
      ["change:playing", () => this.#followPlaying()],
      ["change:channel_layout", () => this.#followLayout()],
      ["change:gain_db", () => this.#followGain()],
      ...["muted", "soloed", "levels_db"].map((name) => [`change:${name}`, () => this.#followLevels()]),
      ...ROOM_TRAITS.map((name) => [`change:${name}`, () => this.#followRoom()]),
      ["change:message", () => this.#note("kernel", model.get("message") || null, "warning")],
    ];
    for (const [name, listener] of this.listeners) model.on(name, listener);
    if (model.get("message")) this.#note("kernel", model.get("message"), "warning");
  }

  #followPositions() {
    const before = this.positions;
    this.positions = this.model.get("positions");
    this.positions.forEach((position, k) => {
      if (position.some((value, axis) => value !== before[k]?.[axis])) this.#moved(k);
    });
    this.#askExact();
  }

  #followRoom() {
    if (!this.assets) return;
    this.stamp ??= performance.now();
    this.positions.forEach((_, k) => this.#moved(k));
    this.stamp = null;
    this.#askExact();
  }

  #followGain() {
    this.#note("gain", null);
    this.graph?.setGain(factorOf(this.model.get("gain_db")));
  }

  #followLevels() {
    this.#levels().forEach((factor, k) => this.graph?.setLevel(k, factor));
  }

  #followLayout() {
    if (!this.assets) return;
    this.#sayHowItIsPlayed();
    this.late.fill(null);
    if (this.graph) this.#build();
    this.positions.forEach((_, k) => this.moved.set(k, performance.now()));
    this.#askExact();
  }

  #sayHowItIsPlayed() {
    const layout = this.model.get("channel_layout");
    const folded = this.maxChannels && !this.canPlay(layout);
    const said = `The sound output here has ${this.maxChannels} channels: ${layout} is mixed down to them, without its LFE.`;
    this.#note("layout", folded ? said : null, "warning");
  }

  #followPlaying() {
    const wanted = this.model.get("playing");
    if (wanted && !this.sounds && this.views) this.play();
    if (!wanted && this.context) this.#release();
  }

  #setTrait(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  #levels() {
    const { model } = this;
    const [muted, soloed, levels] = ["muted", "soloed", "levels_db"].map((name) => model.get(name));
    const alone = soloed.some(Boolean);
    return levels.map((db, k) => (muted[k] || (alone && !soloed[k]) ? 0 : factorOf(db)));
  }

  #yaw() {
    return this.model.get("channel_layout") === "binaural" ? this.model.get("head_yaw_deg") : 0;
  }

  // Tier 1: the browser's first reflections ---------------------------------------------------------------------------

  #early(position, room, layout, yaw) {
    // Between two changes of the model the room may already be smaller than its sources know.
    const source = keptInside(position, room).map((value, axis) => value + room.listener[axis]);
    const { head, sample_rate: rate } = this.assets;
    return earlyResponse(layout, room, source, { rate, head, yaw });
  }

  #moved(k) {
    const stamp = this.stamp ?? performance.now();
    this.moved.set(k, stamp);
    if (!this.graph) return;
    const { context } = this;
    this.graph.sources[k].early.set(this.earlyResponse(this.positions[k]), (time) => {
      if (this.#isTimed(stamp)) this.logs.browser.add(heardAt(context, time) - stamp);
    });
  }

  /** Whether a move is to be timed: one that a running sound had to follow. */
  #isTimed(stamp) {
    return this.sounds && stamp > this.builtAt + METER_MEMORY_MS;
  }

  #build() {
    const { context, assets, model } = this;
    const layout = model.get("channel_layout");
    const channels = assets.channel_names[layout].length;
    const { destination } = context; // other rooms may play there, too
    destination.channelCount = Math.min(this.maxChannels, Math.max(channels, destination.channelCount));
    const before = this.graph;
    this.builtAt = performance.now();
    this.graph = new RoomGraph(context, {
      loops: assets.loops, channels, gain: factorOf(model.get("gain_db")), levels: this.#levels(),
      firstFrame: before?.firstFrame,
    });
    before?.release(this.graph.start);
    this.graph.onUnfinished = () => {
      if (this.tick) return;
      this.tick = setTimeout(() => {
        this.tick = null;
        this.graph?.update();
      }, GRAPH_TICK_MS);
    };
    this.positions.forEach((position, k) => {
      this.graph.sources[k].early.set(this.earlyResponse(position));
      if (this.late[k]) this.graph.sources[k].late.set(this.late[k]);
    });
  }

  #keepBelowFullScale(peak) {
    if (peak <= FULL_SCALE || performance.now() < this.loweredAt + METER_MEMORY_MS) return;
    this.loweredAt = performance.now();
    const lower = Math.ceil(2 * decibels(peak / FULL_SCALE)) / 2;
    const gain = this.model.get("gain_db") - lower;
    this.#setTrait("gain_db", gain);
    this.#note("gain", `The sum of the sources reached full scale: the volume is now ${gain.toFixed(1).replace("-", "\u2212")} dB.`, "warning");
  }

  // Tier 2: the kernel's exact responses ------------------------------------------------------------------------------

  #askExact() {
    if (!this.assets || this.kernel.waits || !this.moved.size) return;
    const { room, model } = this;
    const stamps = new Map(this.moved);
    const sources = [...stamps.keys()];
    this.moved.clear();
    const question = {
      kind: "exact",
      sources,
      positions: sources.map((k) => this.positions[k]),
      room_size: room.size,
      absorption: room.absorption,
      max_order: room.maxOrder,
      layout: model.get("channel_layout"),
      head_yaw_deg: this.#yaw(),
    };
    this.stamps = stamps;
    // A kernel that comes back has forgotten what it was asked: the next move asks again.
    this.kernel.ask(question, () => stamps.forEach((stamp, k) => this.moved.has(k) || this.moved.set(k, stamp)));
  }

  #receive(content, arrays, question) {
    if (content.kind === "start") this.#start(content, arrays);
    if (content.kind === "exact") this.#exact(content, arrays, question ? this.stamps : new Map());
    if (content.kind === "sound") this.#sound(content, arrays);
    if (content.kind === "progress") this.dispatchEvent(new CustomEvent("progress", { detail: content }));
    if (content.kind === "error") this.#note(`error ${content.about}`, content.text, "error");
    else this.#note(`error ${content.kind}`, null);
    const lost = content.kind === "lost" || (content.kind === "error" && question);
    if (lost) this.stamps.forEach((stamp, k) => this.moved.has(k) || this.moved.set(k, stamp));
    if (content.kind !== "error") this.#askExact(); // after an error the next move asks again, and not at once
  }

  #start(content, arrays) {
    const [photo, loops, corners, inverses, responses, times] = arrays;
    const head = new Head({
      corners: new Int32Array(corners.buffer), inverses: floats(inverses), responses: floats(responses), times: floats(times),
    });
    const loopRows = rowsOf(loops, this.positions.length);
    this.assets = { ...content, photo: new Blob([photo], { type: "image/jpeg" }), loops: loopRows, head };
    this.late = this.positions.map(() => null);
    this.positions.forEach((_, k) => this.moved.set(k, performance.now()));
    this.#note("place", null);
    this.#note("play", null);
    this.#changed("ready");
    this.#changed("status");
    if (this.model.get("playing")) this.#followPlaying();
  }

  #exact(content, arrays, stamps) {
    const { layout, sources, positions } = content;
    if (layout !== this.model.get("channel_layout")) return;
    const room = { size: content.room_size, listener: content.listener, absorption: content.absorption, maxOrder: content.max_order };
    const channels = this.assets.channel_names[layout].length;
    sources.forEach((k, n) => {
      const early = this.#early(positions[n], room, layout, content.head_yaw_deg);
      this.late[k] = combined(rowsOf(arrays[n], channels), early, -1);
      const stamp = stamps.get(k);
      const { context } = this;
      this.graph?.sources[k].late.set(this.late[k], (time) => {
        if (stamp !== undefined && this.#isTimed(stamp)) this.logs.exact.add(heardAt(context, time) - stamp);
      });
    });
    this.#changed("exact");
    this.#reportLatency();
  }

  #sound({ source }, [loop]) {
    this.#note("error generate", null);
    if (this.assets) {
      this.assets.loops[source] = floats(loop);
      this.graph?.setLoop(source, this.assets.loops[source]);
    } // else it comes with the assets
    this.dispatchEvent(new CustomEvent("progress", { detail: { source, done: 1, total: 1, text: "" } }));
  }

  /** Tell the model now and then, so that Python can read it too. */
  #reportLatency() {
    clearTimeout(this.timers.get("latency"));
    this.timers.set("latency", setTimeout(() => this.latency.browser && this.#setTrait("latency_ms", this.latency), 500));
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
