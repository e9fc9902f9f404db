/**
 * First reflections for ears and loudspeakers: the part of a response that tells where a source is.
 *
 * The kernel's exact response minus this one is the late part, which stays while a source is dragged.
 */
import { SPEED_OF_SOUND_M_S, arrivalTaps, imageSources, samplesFor } from "./ism.js";
import { seenByTurnedHead } from "./head.js";

/** Reflections that the browser computes; the same number as `binaural.EARLY_ORDER`. */
export const EARLY_ORDER = 2;
/** The five full-range loudspeakers of 5.1: azimuth in degrees (positive to the left) and row among the channels. */
const RING = [
  { azimuth: -110, row: 5 },
  { azimuth: -30, row: 1 },
  { azimuth: 0, row: 2 },
  { azimuth: 30, row: 0 },
  { azimuth: 110, row: 4 },
].map(({ azimuth, row }) => ({ x: -Math.sin((azimuth * Math.PI) / 180), y: Math.cos((azimuth * Math.PI) / 180), row }));

/** Gains of the six channels of 5.1 for a sound from a direction (vector base amplitude panning); the LFE gets none. */
export function pan51([x, y]) {
  const gains = new Float64Array(6);
  for (let k = 0; k < RING.length; k++) {
    const a = RING[k];
    const b = RING[(k + 1) % RING.length];
    const determinant = a.x * b.y - a.y * b.x;
    const ofA = (x * b.y - y * b.x) / determinant;
    const ofB = (a.x * y - a.y * x) / determinant;
    if (ofA >= -1e-12 && ofB >= -1e-12 && ofA + ofB > 1e-9) {
      const norm = Math.hypot(ofA, ofB);
      gains[a.row] = Math.max(0, ofA) / norm;
      gains[b.row] = Math.max(0, ofB) / norm;
      return gains;
    }
  }
  gains[2] = 1; // exactly overhead: from the front, as in Python
  return gains;
}

/** Gains of two loudspeakers at +-30 degrees, of constant power. */
export function panStereo(vector) {
  const lateral = -vector[0] / Math.hypot(...vector);
  const pan = Math.min(1, Math.max(-1, lateral / Math.sin(Math.PI / 6)));
  const angle = ((1 - pan) * Math.PI) / 4;
  return [Math.cos(angle), Math.sin(angle)];
}

/**
 * The direct sound and the first reflections, at the ears or loudspeakers of a layout.
 *
 * @param {string} layout "binaural", "stereo" or "5.1" (whose LFE stays silent: it is part of the late response)
 * @param {object} room as in `imageSources`, with `maxOrder`
 * @param {number[]} source metres, room frame
 * @param {{rate: number, head: Head, yaw: number}} listening sample rate in Hz, the head, and its turn in degrees
 * @returns {Float32Array[]} one response for each channel; sample 0 is the emission
 */
export function earlyResponse(layout, room, source, { rate, head, yaw }) {
  const images = imageSources(room, source, Math.min(room.maxOrder, EARLY_ORDER));
  const delays = images.map(({ distance }) => (distance / SPEED_OF_SOUND_M_S) * rate);
  const binaural = layout === "binaural";
  const longest = samplesFor(Math.max(...delays)) + (binaural ? head.length : 0);
  const channels = Array.from({ length: layout === "5.1" ? 6 : 2 }, () => new Float32Array(longest));
  images.forEach(({ vector, amplitude }, m) => {
    if (binaural) {
      const arrival = arrivalTaps(delays[m], amplitude);
      head.at(seenByTurnedHead(vector, yaw)).forEach((response, ear) => addFiltered(channels[ear], arrival, response));
      return;
    }
    const gains = layout === "5.1" ? pan51(vector) : panStereo(vector);
    gains.forEach((gain, row) => {
      if (gain !== 0) add(channels[row], arrivalTaps(delays[m], amplitude * gain));
    });
  });
  return channels;
}

function add(h, { first, taps }) {
  for (let n = Math.max(0, -first); n < taps.length; n++) h[first + n] += taps[n];
}

function addFiltered(h, { first, taps }, response) {
  for (let n = Math.max(0, -first); n < taps.length; n++) {
    for (let m = 0; m < response.length; m++) h[first + n + m] += taps[n] * response[m];
  }
}

/** Two responses, one subtracted from or added to the other, as long as the longer one. */
export function combined(a, b, sign) {
  return a.map((channel, row) => {
    const sum = new Float32Array(Math.max(channel.length, b[row].length));
    sum.set(channel);
    b[row].forEach((value, n) => {
      sum[n] += sign * value;
    });
    return sum;
  });
}
