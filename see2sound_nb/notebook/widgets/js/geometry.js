/** Where sources may be, and where they are: metres and degrees, as in `live_room_state.py` and `places/frames.py`. */

/** A source keeps this distance from the walls and from the middle of the head, in metres. */
export const WALL_MARGIN_M = 0.1;
export const HEAD_MARGIN_M = 0.3;

/**
 * The nearest place that a source may have: inside the room and not in the listener's head.
 *
 * @param {number[]} position metres, listener's frame
 * @param {{size: number[], listener: number[]}} room metres, room frame
 */
export function keptInside(position, { size, listener }) {
  const inside = position.map((value, axis) =>
    Math.min(size[axis] - listener[axis] - WALL_MARGIN_M, Math.max(WALL_MARGIN_M - listener[axis], value)),
  );
  const distance = Math.hypot(...inside);
  if (distance >= HEAD_MARGIN_M) return inside;
  return distance > 1e-9 ? inside.map((value) => (value * HEAD_MARGIN_M) / distance) : [0, HEAD_MARGIN_M, 0];
}

/** The listener in a room of another size: at the same share of width and depth, the ears as high as the room allows. */
export function listenerIn(size, first) {
  const [x, y, z] = first.listener;
  return [(x * size[0]) / first.size[0], (y * size[1]) / first.size[1], Math.min(z, 0.75 * size[2])];
}

/** Azimuth (positive to the left) and elevation in degrees, distance in metres, of a place in the listener's frame. */
export function directionOf([x, y, z]) {
  const degrees = 180 / Math.PI;
  return {
    azimuth_deg: Math.atan2(-x, y) * degrees,
    elevation_deg: Math.atan2(z, Math.hypot(x, y)) * degrees,
    distance_m: Math.hypot(x, y, z),
  };
}
