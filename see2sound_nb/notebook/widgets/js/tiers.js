/**
 * The responses that are heard, in two tiers.
 *
 * Tier 1, here: the first reflections, computed anew at every move. Tier 2, the kernel: the exact response; what it has
 * beyond the first reflections is the late part. Heard is always early + late, so at rest it is the exact response.
 */
import { heardAt } from "./audio_context.js";
import { keptInside, listenerIn } from "./geometry.js";
import { LatencyLog } from "./latency.js";
import { combined, earlyResponse } from "./layouts.js";
import { rowsOf } from "./messages.js";

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

  start(assets) {
    this.assets = assets;
    this.forget();
  }

  /** No exact response is known, as at first and in another layout: the next question is about all sources. */
  forget() {
    this.late = this.positions.map(() => null);
    this.positions.forEach((_, k) => this.moved.set(k, performance.now()));
  }

  /** A new graph gets all responses as they are. */
  fill(graph) {
    this.positions.forEach((position, k) => {
      graph.sources[k].early.set(this.earlyResponse(position));
      if (this.late[k]) graph.sources[k].late.set(this.late[k]);
    });
  }

  // Tier 1: the browser's first reflections ---------------------------------------------------------------------------

  followPositions() {
    const before = this.positions;
    this.positions = this.model.get("positions");
    this.positions.forEach((position, k) => {
      if (position.some((value, axis) => value !== before[k]?.[axis])) this.#moved(k);
    });
    this.ask();
  }

  followRoom() {
    if (!this.assets) return;
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

  #moved(k) {
    const stamp = this.stamp ?? performance.now();
    this.moved.set(k, stamp);
    const { sound } = this;
    if (!sound.graph) return;
    const { context } = sound;
    sound.graph.sources[k].early.set(this.earlyResponse(this.positions[k]), (time) => {
      if (sound.isTimed(stamp)) this.logs.browser.add(heardAt(context, time) - stamp);
    });
  }

  // Tier 2: the kernel's exact responses ------------------------------------------------------------------------------

  /** Ask about what has moved, unless another question waits for its answer. */
  ask() {
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
      head_yaw_deg: this.yaw,
    };
    this.stamps = stamps;
    // A kernel that comes back has forgotten what it was asked: the next move asks again.
    this.kernel.ask(question, () => this.#takeBack(stamps));
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
    const { sound } = this;
    sources.forEach((k, n) => {
      const early = this.#early(positions[n], room, layout, content.head_yaw_deg);
      this.late[k] = combined(rowsOf(arrays[n], channels), early, -1);
      const stamp = stamps.get(k);
      const { context } = sound;
      sound.graph?.sources[k].late.set(this.late[k], (time) => {
        if (stamp !== undefined && sound.isTimed(stamp)) this.logs.exact.add(heardAt(context, time) - stamp);
      });
    });
  }
}
