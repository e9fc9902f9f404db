/**
 * The measured head in the browser: responses between the measured directions, as `render/hrtf.py` makes them.
 *
 * Listener's frame: x right, y forward, z up.
 */
import { fft } from "./fft.js";

export class Head {
  /**
   * @param {object} mesh
   * @param {Int32Array} mesh.corners (F, 3) measurements at the corners of each triangle
   * @param {Float32Array} mesh.inverses (F, 3, 3): a vector times the inverse is its weights of the corners
   * @param {Float32Array} mesh.responses (M, 2, K) of the left and the right ear
   * @param {Float32Array} mesh.times (M, 2) when a sound arrives there, in samples
   */
  constructor({ corners, inverses, responses, times }) {
    Object.assign(this, { corners, inverses, times });
    this.length = responses.length / times.length;
    this.size = 2;
    while (this.size < 2 * this.length) this.size *= 2;
    const bins = this.size / 2 + 1;
    this.spectra = Array.from({ length: times.length }, (_, row) => {
      const re = new Float64Array(this.size);
      const im = new Float64Array(this.size);
      re.set(responses.subarray(row * this.length, (row + 1) * this.length));
      fft(re, im);
      const magnitude = Float32Array.from({ length: bins }, (_, k) => Math.hypot(re[k], im[k]));
      return { re: Float32Array.from(re.subarray(0, bins)), im: Float32Array.from(im.subarray(0, bins)), magnitude };
    });
  }

  /**
   * The triangle around a direction, and the weights of its corners, which add up to 1.
   *
   * @param {number[]} vector of any length but zero
   */
  around([x, y, z]) {
    const inverses = this.inverses;
    let best = -Infinity;
    let chosen = 0;
    for (let facet = 0; facet < this.corners.length / 3; facet++) {
      const at = 9 * facet;
      let least = Infinity;
      for (let c = 0; c < 3; c++) {
        least = Math.min(least, x * inverses[at + c] + y * inverses[at + 3 + c] + z * inverses[at + 6 + c]);
      }
      if (least > best) {
        best = least;
        chosen = facet;
        if (least >= 0) break;
      }
    }
    const at = 9 * chosen;
    const weights = [0, 1, 2].map((c) =>
      Math.max(0, x * inverses[at + c] + y * inverses[at + 3 + c] + z * inverses[at + 6 + c]),
    );
    const sum = weights[0] + weights[1] + weights[2];
    return { corners: this.corners.subarray(3 * chosen, 3 * chosen + 3), weights: weights.map((w) => w / sum) };
  }

  /** When a sound from a direction arrives at the left and the right ear, in samples. */
  arrivalTimes({ corners, weights }) {
    return [0, 1].map((ear) => weights.reduce((sum, weight, c) => sum + weight * this.times[2 * corners[c] + ear], 0));
  }

  /**
   * The responses of both ears to a sound from a direction: the mean of three measurements, moved to arrive together,
   * and at each frequency as loud as they are in the mean.
   *
   * @param {number[]} vector listener's frame, already as the turned head sees it
   * @returns {Float64Array[]} left and right, K samples each
   */
  at(vector) {
    const { size } = this;
    const around = this.around(vector);
    const arrival = this.arrivalTimes(around);
    const re = new Float64Array(size);
    const im = new Float64Array(size);
    for (const ear of [0, 1]) {
      const mean = this.meanSpectrum(around, ear, arrival[ear]);
      for (let k = 0; k <= size / 2; k++) {
        const alone = k === 0 || k === size / 2; // of a real signal these two are real
        const [real, imaginary] = [mean.re[k], alone ? 0 : mean.im[k]];
        // Both ears in one transform: the left is the real part of what comes out, the right the imaginary one.
        re[k] += ear ? -imaginary : real;
        im[k] += ear ? real : imaginary;
        if (!alone) {
          re[size - k] += ear ? imaginary : real;
          im[size - k] += ear ? real : -imaginary;
        }
      }
    }
    fft(re, im, true);
    return [re, im].map((part) => part.subarray(0, this.length).map((value) => value / size));
  }

  /** One ear's spectrum: the phase of the mean of the spectra, moved to `arrival`, and the mean of their magnitudes. */
  meanSpectrum({ corners, weights }, ear, arrival) {
    const bins = this.size / 2 + 1;
    const [re, im, magnitude] = [0, 1, 2].map(() => new Float64Array(bins));
    weights.forEach((weight, c) => {
      const row = 2 * corners[c] + ear;
      const spectrum = this.spectra[row];
      const step = (-2 * Math.PI * (arrival - this.times[row])) / this.size;
      const [turnRe, turnIm] = [Math.cos(step), Math.sin(step)];
      let [phaseRe, phaseIm] = [weight, 0];
      for (let k = 0; k < bins; k++) {
        re[k] += spectrum.re[k] * phaseRe - spectrum.im[k] * phaseIm;
        im[k] += spectrum.re[k] * phaseIm + spectrum.im[k] * phaseRe;
        magnitude[k] += weight * spectrum.magnitude[k];
        [phaseRe, phaseIm] = [phaseRe * turnRe - phaseIm * turnIm, phaseRe * turnIm + phaseIm * turnRe];
      }
    });
    for (let k = 0; k < bins; k++) {
      const asLoud = magnitude[k] / (Math.sqrt(re[k] * re[k] + im[k] * im[k]) || 1);
      re[k] *= asLoud;
      im[k] *= asLoud;
    }
    return { re, im };
  }
}

/** A vector of the listener's frame as a head sees it that is turned to the left by `yaw` degrees. */
export function seenByTurnedHead([x, y, z], yaw) {
  const angle = (yaw * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return [x * cosine + y * sine, y * cosine - x * sine, z];
}

/**
 * What tells the ears where a sound comes from: of the direct sound alone, both positive when the source is on the left.
 *
 * @returns {{itd_ms: number, ild_db: number}} how much earlier, and how much louder, the left ear hears it
 */
export function interauralCues(head, vector, rate) {
  const [left, right] = head.at(vector);
  const [leftTime, rightTime] = head.arrivalTimes(head.around(vector));
  const energy = (response) => response.reduce((sum, value) => sum + value * value, 0);
  return {
    itd_ms: (1000 * (rightTime - leftTime)) / rate,
    ild_db: 10 * Math.log10(energy(left) / energy(right)),
  };
}
