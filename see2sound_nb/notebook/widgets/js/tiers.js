/**
 * The responses that are heard, in two tiers.
 *
 * Tier 1, here: the first reflections, computed anew at every move. Tier 2, the kernel: the exact response; what it has
 * beyond the first reflections is the late part. Heard is always early + late, so at rest it is the exact response.
 * While a clip runs, its sources' late parts are those of the path (path_responses.js).
 */
import { heardAt } from "./audio_context.js";
import { keptInside, listenerIn } from "./geometry.js";
import { LatencyLog } from "./latency.js";
import { combined, earlyResponse } from "./layouts.js";
import { rowsOf } from "./messages.js";

/** A source of a clip has moved if it did so by more than this, in metres: nobody hears less, and a path may tremble. */
const STILL_M = 0.01;
/** A source that has left the shot keeps its responses until its fade is over, in milliseconds. */
const REST_MS = 300;

export class Tiers {
  /**
   * @param {object} model the widget's model, guarded
   * @param {KernelLine} kernel
   * @param {RoomSound} sound whose sources get the responses
   */
  constructor(model, kernel, sound) {
    Object.assign(this, { model, kernel, sound });
    this.assets = null;
    this.positions = model.get("positions"); // those that were followed
    this.late = []; // of each source: the exact response less its first reflections, or null
    this.moved = new Map(); // sources that the kernel has not been asked about, and when they were moved
    this.stamps = new Map(); // when the sources of the last question were moved
    this.stamp = null; // when the gesture happened that is being carried out
    this.clip = null;
    this.awake = []; // of each source of a clip: whether it has responses
    this.logs = { browser: new LatencyLog(), exact: new LatencyLog() };
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

  get yaw() {
    return this.model.get("channel_layout") === "binaural" ? this.model.get("head_yaw_deg") : 0;
  }

  get latency() {
    return { browser: this.logs.browser.summary(), exact: this.logs.exact.summary() };
  }

  start(assets, clip) {
    Object.assign(this, { assets, clip });
    this.positions = this.model.get("positions");
    this.forget();
  }

  /** No exact response is known, as at first and in another layout: the next question is about all sources. */
  forget() {
    this.late = this.positions.map(() => null);
    this.clip?.responses.clear();
    this.positions.forEach((_, k) => this.moved.set(k, performance.now()));
  }

  /** A new graph gets all responses as they are. */
  fill(graph) {
    this.awake = this.positions.map((_, k) => !this.clip || this.clip.isNear(k));
    this.positions.forEach((position, k) => {
      if (!this.awake[k]) return;
      graph.sources[k].early.set(this.earlyResponse(position));
      if (this.late[k]) graph.sources[k].late.set(this.late[k]);
    });
  }

  // Tier 1: the browser's first reflections ---------------------------------------------------------------------------

  followPositions() {
    if (this.clip) return; // they are those of the frame that is shown: `followPath`
    const before = this.positions;
    this.positions = this.model.get("positions");
    this.positions.forEach((position, k) => {
      if (position.some((value, axis) => value !== before[k]?.[axis])) this.#moved(k);
    });
    this.ask();
  }

  /** Another frame of a clip is shown, or a path has another offset. */
  followPath() {
    const { clip } = this;
    if (!clip) return;
    const places = this.model.get("positions");
    const slept = this.positions.map((_, k) => this.#wake(k));
    this.positions = this.positions.map((before, k) => {
      const far = Math.hypot(...before.map((value, axis) => value - places[k][axis]));
      return far > STILL_M || (this.stamp !== null && far > 0) || slept[k] ? places[k] : before;
    });
    places.forEach((place, k) => {
      if (!this.awake[k]) return;
      if (this.positions[k] === place) this.#moved(k, this.stamp);
      const late = clip.running ? clip.responses.next(k, clip.frame) : null;
      if (late) this.#setLate(k, late);
    });
    this.ask();
  }

  /** A clip has stopped: now the exact response is that of the frame that is shown. */
  stopped() {
    this.positions.forEach((_, k) => this.clip?.has(k) && this.moved.set(k, null));
    this.ask();
  }

  /** Whether source k of a clip gets responses again; one that has left the shot loses them, which saves their work. */
  #wake(k) {
    const { graph } = this.sound;
    const near = this.clip.isNear(k);
    if (!graph || near === Boolean(this.awake[k])) return false;
    this.awake[k] = near;
    if (near) return true;
    setTimeout(() => {
      if (this.awake[k] || graph !== this.sound.graph) return;
      graph.sources[k].early.rest();
      graph.sources[k].late.rest();
      this.clip.responses.heard[k] = null;
    }, REST_MS);
    return false;
  }

  followRoom() {
    if (!this.assets) return;
    this.clip?.responses.clear();
    this.stamp ??= performance.now();
    this.positions.forEach((_, k) => this.#moved(k));
    this.stamp = null;
    this.ask();
  }

  /** The first reflections of a source at a place, in the present room; what a move lets hear. */
  earlyResponse(position) {
    return this.#early(position, this.room, this.model.get("channel_layout"), this.yaw);
  }

  #early(position, room, layout, yaw) {
    // Between two changes of the model the room may already be smaller than its sources know.
    const source = keptInside(position, room).map((value, axis) => value + room.listener[axis]);
    const { head, sample_rate: rate } = this.assets;
    return earlyResponse(layout, room, source, { rate, head, yaw });
  }

  /** `stamp` is when a hand moved it, or null if a clip did. */
  #moved(k, stamp = this.stamp ?? performance.now()) {
    this.moved.set(k, stamp);
    const { sound } = this;
    if (!sound.graph || (this.clip && !this.awake[k])) return;
    const { context } = sound;
    sound.graph.sources[k].early.set(this.earlyResponse(this.positions[k]), (time) => {
      if (stamp !== null && sound.isTimed(stamp)) this.logs.browser.add(heardAt(context, time) - stamp);
    });
  }

  // Tier 2: the kernel's exact responses ------------------------------------------------------------------------------

  /** Ask about what has moved, unless another question waits for its answer. */
  ask() {
    if (!this.assets || this.kernel.waits) return;
    if (this.clip) this.#forgetAbsent();
    const onPath = this.clip && !this.moved.size ? this.clip.responses.wanted(this.clip.frame) : [];
    if (!this.moved.size && !onPath.length) return;
    const { room, model } = this;
    const stamps = new Map(this.moved);
    const sources = onPath.length ? onPath.map(([k]) => k) : [...stamps.keys()];
    this.moved.clear();
    const question = {
      kind: "exact",
      sources,
      positions: onPath.length ? onPath.map(([, place]) => place) : sources.map((k) => this.positions[k]),
      room_size: room.size,
      absorption: room.absorption,
      max_order: room.maxOrder,
      layout: model.get("channel_layout"),
      head_yaw_deg: this.yaw,
    };
    this.stamps = stamps;
    // A kernel that comes back has forgotten what it was asked: the next move asks again.
    this.kernel.ask(question, () => this.#takeBack(stamps));
  }

  /** Of a clip that runs nothing is asked but its paths, of one that stands what is in the shot. */
  #forgetAbsent() {
    for (const k of this.moved.keys()) if (this.clip.running || !this.clip.has(k)) this.moved.delete(k);
  }

  /** The last question had no answer: the next one is about its sources, too. */
  missed() {
    this.#takeBack(this.stamps);
  }

  #takeBack(stamps) {
    stamps.forEach((stamp, k) => this.moved.has(k) || this.moved.set(k, stamp));
  }

  /** Exact responses in the present layout arrive; those that the last question asked for are timed. */
  receive(content, arrays, asked) {
    const { layout, sources, positions } = content;
    const room = { size: content.room_size, listener: content.listener, absorption: content.absorption, maxOrder: content.max_order };
    const channels = this.assets.channel_names[layout].length;
    const stamps = asked ? this.stamps : new Map();
    sources.forEach((k, n) => {
      const early = this.#early(positions[n], room, layout, content.head_yaw_deg);
      const late = combined(rowsOf(arrays[n], channels), early, -1);
      this.clip?.responses.keep(positions[n], late);
      if (!this.clip || stamps.has(k)) this.#setLate(k, late, stamps.get(k));
    });
    if (this.clip?.running) this.followPath();
  }

  #setLate(k, late, stamp = null) {
    this.late[k] = late;
    const { sound } = this;
    if (this.clip && !this.awake[k]) return;
    const { context } = sound;
    sound.graph?.sources[k].late.set(late, (time) => {
      if (stamp !== null && sound.isTimed(stamp)) this.logs.exact.add(heardAt(context, time) - stamp);
    });
  }
}
