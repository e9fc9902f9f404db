/**
 * The late responses along the paths of a clip: the kernel is asked for those of the next seconds, some at a time.
 *
 * They are kept by place: what rests costs one, and so does what comes round again.
 */

/** Moments of a path in a second whose late responses are heard; the first reflections follow every frame. */
const POINTS_PER_S = 10;
/** So far ahead they are asked for, in seconds. */
const AHEAD_S = 3;
/** Places that are asked for at once: the kernel's answer is not to keep a drag waiting. */
const MOST_ASKED = 6;
/** Places within so many metres have one response. */
const GRID_M = 0.02;
/** What is kept, in bytes: a minute of three sources. */
const KEPT_BYTES = 96e6;

export class PathResponses {
  /**
   * @param {Clip} clip whose sources move
   */
  constructor(clip) {
    this.clip = clip;
    this.clear();
  }

  /** In another room, layout, or turn of the head all are others. */
  clear() {
    this.kept = new Map(); // late responses by place
    this.bytes = 0;
    this.heard = []; // of each source the place whose late response is heard
  }

  #key(place) {
    return place.map((value) => Math.round(value / GRID_M)).join();
  }

  /** The frame of a moment of the grid near a frame. */
  #gridFrame(frame) {
    const { timeline } = this.clip;
    return timeline.frameAt(Math.round(timeline.times[frame] * POINTS_PER_S) / POINTS_PER_S);
  }

  /** The late response of source k near a frame, if it is another one than what is heard; null otherwise. */
  next(k, frame) {
    const { timeline } = this.clip;
    const near = this.#gridFrame(frame);
    const key = this.#key(this.clip.placeOf(k, timeline.has(k, near) ? near : frame));
    if (key === this.heard[k] || !this.kept.has(key)) return null;
    this.heard[k] = key;
    return this.kept.get(key);
  }

  /** The next places, from a frame on, whose responses are not known: [source, place]. */
  wanted(frame) {
    const { timeline } = this.clip;
    const [start, found, keys] = [timeline.times[frame], [], new Set(this.kept.keys())];
    for (let n = 0; n < Math.min(AHEAD_S, timeline.end) * POINTS_PER_S && found.length < MOST_ASKED; n++) {
      const then = this.#gridFrame(timeline.frameAt((start + n / POINTS_PER_S) % timeline.end));
      for (const k of timeline.shots[timeline.shotAt(then)].sources) {
        const place = this.clip.placeOf(k, then);
        const key = this.#key(place);
        if (keys.has(key) || found.length === MOST_ASKED || !timeline.gain(k, then)) continue;
        keys.add(key);
        found.push([k, place]);
      }
    }
    return found;
  }

  keep(place, late) {
    this.kept.set(this.#key(place), late);
    this.bytes += late.length * late[0].byteLength;
    for (const [key, oldest] of this.kept) {
      if (this.bytes <= KEPT_BYTES) break;
      this.kept.delete(key);
      this.bytes -= oldest.length * oldest[0].byteLength;
    }
  }
}
