/** The fast Fourier transform (radix 2, in place), and what a loop has left behind in a room. */

const FFT_TABLES = new Map();

function fftTable(size) {
  if (!FFT_TABLES.has(size)) {
    const cosine = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    const sine = Float64Array.from({ length: size / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / size));
    const reversed = new Uint32Array(size);
    for (let k = 1; k < size; k++) reversed[k] = (reversed[k >> 1] >> 1) | (k & 1 ? size >> 1 : 0);
    FFT_TABLES.set(size, { cosine, sine, reversed });
  }
  return FFT_TABLES.get(size);
}

/**
 * Transform a complex sequence in place; its length is a power of two.
 *
 * @param {Float64Array} re @param {Float64Array} im
 * @param {boolean} inverse without the factor 1/N
 */
export function fft(re, im, inverse = false) {
  const size = re.length;
  const { cosine, sine, reversed } = fftTable(size);
  for (let k = 0; k < size; k++) {
    const other = reversed[k];
    if (other > k) {
      [re[k], re[other]] = [re[other], re[k]];
      [im[k], im[other]] = [im[other], im[k]];
    }
  }
  const sign = inverse ? 1 : -1;
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const a = start + k;
        const b = a + half;
        const [wr, wi] = [cosine[k * stride], sign * sine[k * stride]];
        const real = re[b] * wr - im[b] * wi;
        const imaginary = re[b] * wi + im[b] * wr;
        re[b] = re[a] - real;
        im[b] = im[a] - imaginary;
        re[a] += real;
        im[a] += imaginary;
      }
    }
  }
}

/**
 * What is still to be heard of a looping sound if it fell silent at a moment: a new convolver knows nothing of the past.
 *
 * Two channels share a transform: the loop is real, so they are the real and the imaginary part of one convolution.
 *
 * @param {Float32Array} loop one turn of the sound
 * @param {number} frame the moment, in samples of the loop
 * @param {Float32Array[]} response one response of L samples for each channel
 * @returns {Float32Array[]} L - 1 samples for each channel, from the moment on
 */
export function tailOfThePast(loop, frame, response) {
  const length = response[0].length;
  let size = 2;
  while (size < 2 * length) size *= 2;
  const past = new Float64Array(size);
  const pastIm = new Float64Array(size);
  for (let n = 0; n < length - 1; n++) {
    past[n] = loop[(((frame - (length - 1) + n) % loop.length) + loop.length) % loop.length];
  }
  fft(past, pastIm);
  const channels = [];
  for (let row = 0; row < response.length; row += 2) {
    const re = new Float64Array(size);
    const im = new Float64Array(size);
    re.set(response[row]);
    if (row + 1 < response.length) im.set(response[row + 1]);
    fft(re, im);
    for (let k = 0; k < size; k++) {
      [re[k], im[k]] = [re[k] * past[k] - im[k] * pastIm[k], re[k] * pastIm[k] + im[k] * past[k]];
    }
    fft(re, im, true);
    for (const part of row + 1 < response.length ? [re, im] : [re]) {
      channels.push(Float32Array.from({ length: length - 1 }, (_, n) => part[length - 1 + n] / size));
    }
  }
  return channels;
}
