/**
 * The image source method in the browser: what `room/ism/definition.py` defines, for the first reflections.
 *
 * Metres, seconds, samples; the room frame has its origin in the corner left, back and below. Tests compare images and
 * responses with the Python engine.
 */

export const SPEED_OF_SOUND_M_S = 343;
/** Half of the 81 taps of an arrival, and entries of the sinc's table for each sample. */
const TAP_LEAD = 40;
const TAP_STEPS = 20;
const TAP_COUNT = 2 * TAP_LEAD + 1;
const TAPS = tapTable();

/** The table of `definition.TAPS`, filled in single precision as there: row j is a sinc that comes 1 - j/20 late. */
function tapTable() {
  const step = Math.fround(1 / TAP_STEPS);
  const pi = Math.fround(Math.PI);
  const sinc = new Float32Array((TAP_COUNT + 2) * TAP_STEPS);
  let abscissa = Math.fround(-TAP_LEAD - 1);
  for (let index = 0; index < sinc.length; index++) {
    const angle = Math.fround(pi * abscissa);
    sinc[index] = abscissa === 0 ? 1 : Math.fround(Math.sin(angle)) / angle;
    abscissa = Math.fround(abscissa + step);
  }
  const table = new Float32Array((TAP_STEPS + 2) * TAP_COUNT);
  for (let row = 0; row < TAP_STEPS + 2; row++) {
    for (let tap = 0; tap < TAP_COUNT; tap++) {
      const hann = 0.5 - 0.5 * Math.cos((Math.PI * tap) / TAP_LEAD);
      table[row * TAP_COUNT + tap] = Math.fround(hann) * sinc[row + TAP_STEPS * tap];
    }
  }
  return table;
}

/**
 * The images of a source up to an order, as the listener hears them (Eq. 4).
 *
 * @param {{size: number[], listener: number[], absorption: number | number[]}} room metres, room frame; the absorption
 *   one number or six, for left, right, back, front, floor and ceiling
 * @param {number[]} source metres, room frame
 * @param {number} order most reflections
 * @returns {{vector: number[], distance: number, amplitude: number}[]} vectors in metres from the listener
 */
export function imageSources(room, source, order) {
  const walls = Array.isArray(room.absorption) ? room.absorption : Array(6).fill(room.absorption);
  const reflection = walls.map((absorption) => Math.sqrt(1 - absorption));
  const images = [];
  for (let i = -order; i <= order; i++) {
    const left = order - Math.abs(i);
    for (let j = -left; j <= left; j++) {
      const most = left - Math.abs(j);
      for (let k = -most; k <= most; k++) {
        const lattice = [i, j, k];
        let reflected = 1;
        const vector = lattice.map((index, axis) => {
          const far = index > 0 ? Math.ceil(index / 2) : Math.floor(-index / 2);
          reflected *= reflection[2 * axis] ** (Math.abs(index) - far) * reflection[2 * axis + 1] ** far;
          const inside = index % 2 === 0 ? source[axis] : room.size[axis] - source[axis];
          return index * room.size[axis] + inside - room.listener[axis];
        });
        const distance = Math.hypot(...vector);
        images.push({ vector, distance, amplitude: reflected / distance });
      }
    }
  }
  return images;
}

/**
 * The 81 taps of one arrival.
 *
 * @param {number} delay in samples
 * @param {number} amplitude
 * @returns {{first: number, taps: Float64Array}} `first`: the sample of the first tap, 40 before the arrival
 */
export function arrivalTaps(delay, amplitude) {
  const whole = Math.floor(delay);
  const step = TAP_STEPS * (1 - (delay - whole));
  const row = Math.floor(step);
  const between = step - row;
  const taps = new Float64Array(TAP_COUNT);
  for (let tap = 0; tap < TAP_COUNT; tap++) {
    const entry = row * TAP_COUNT + tap;
    taps[tap] = amplitude * ((1 - between) * TAPS[entry] + between * TAPS[entry + TAP_COUNT]);
  }
  return { first: whole - TAP_LEAD, taps };
}

/** Samples that a response needs whose latest arrival has this delay in samples. */
export function samplesFor(delay) {
  return Math.floor(delay) + TAP_LEAD + 2;
}
