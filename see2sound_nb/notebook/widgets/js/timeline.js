/** Where all things of a clip are while a frame is shown; as `places_at` in `live_room_clip.py`. */
import { keptInside } from "./geometry.js";

/** What a film's container rounds times to, in seconds: a frame may be said to begin so much earlier. */
const ROUNDING_S = 0.002;

/** Where a value lies among increasing ones: the last that is not larger (at least 0), and the share of the way on. */
function whereIn(values, value) {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle] <= value) low = middle;
    else high = middle - 1;
  }
  const width = low + 1 < values.length ? values[low + 1] - values[low] : Infinity;
  return { low, share: Math.min(1, Math.max(0, (value - values[low]) / width)) };
}

export class Timeline {
  /**
   * @param {object} told what the kernel tells of the clip (`clip_message` in Python)
   * @param {Float32Array} tracks times of the frames; for each shot times, paths, gains and places in the picture
   */
  constructor(told, tracks) {
    let at = 0;
    const take = (count) => tracks.subarray(at, (at += count));
    this.end = told.end_s;
    this.times = take(told.frames);
    this.shots = told.shots.map((shot) => {
      const [P, N, F] = [shot.points, shot.sources.length, shot.last - shot.first + 1];
      return { ...shot, times: take(P), paths: take(3 * P * N), gains: take(P * N), dots: take(2 * F * N) };
    });
    this.shotOf = this.shots.flatMap((shot, number) => shot.sources.map(() => number)); // of each source
  }

  /** The frame that is shown at a moment in seconds. */
  frameAt(time) {
    return whereIn(this.times, time + ROUNDING_S).low;
  }

  /** The middle of the time that a frame is shown: sought there, no rounding leads to another one. */
  middleOf(frame) {
    return (this.times[frame] + (this.times[frame + 1] ?? this.end)) / 2;
  }

  /** The number of the shot that a frame is in. */
  shotAt(frame) {
    const found = this.shots.findIndex(({ last }) => frame <= last);
    return found < 0 ? this.shots.length - 1 : found;
  }

  /** Whether source k is in the shot that a frame is in. */
  has(k, frame) {
    return this.shotOf[k] === this.shotAt(frame);
  }

  /** Values of source k while a frame is shown, of a track with so many for each source; else of its shot's start. */
  #at(k, frame, track, width) {
    const shot = this.shots[this.shotOf[k]];
    const local = this.has(k, frame) ? this.times[frame] - shot.start_s : 0;
    const { low, share } = whereIn(shot.times, local);
    const [row, next] = [low, Math.min(low + 1, shot.points - 1)].map(
      (point) => (point * shot.sources.length + k - shot.sources[0]) * width,
    );
    const values = shot[track];
    return Array.from({ length: width }, (_, i) => values[row + i] + share * (values[next + i] - values[row + i]));
  }

  /** The path of source k alone, in metres of the listener's frame. */
  path(k, frame) {
    return this.#at(k, frame, "paths", 3);
  }

  /** Where source k is heard: its path and its offset, kept inside the room. */
  place(k, frame, offset, room) {
    return keptInside(this.path(k, frame).map((value, axis) => value + offset[axis]), room);
  }

  /** How much of source k is heard, as a factor; nothing outside its shot. */
  gain(k, frame) {
    return this.has(k, frame) ? this.#at(k, frame, "gains", 1)[0] : 0;
  }

  /** The middle of source k in the picture, in shares of its width and height; null where it is not to be seen. */
  dot(k, frame) {
    if (!this.has(k, frame)) return null;
    const { first, sources, dots } = this.shots[this.shotOf[k]];
    const at = 2 * ((frame - first) * sources.length + k - sources[0]);
    return Number.isFinite(dots[at]) ? [dots[at], dots[at + 1]] : null;
  }
}
