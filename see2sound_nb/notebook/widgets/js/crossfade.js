/**
 * From one impulse response to the next while the sound goes on: two slots of convolvers in turn, and a fade between them.
 *
 * Giving a playing convolver another buffer would click, and silence the reverberation of what was heard before. So a new
 * response comes in new convolvers; beside them plays what the past of the loop has left behind in the new room.
 */
import { tailOfThePast } from "./fft.js";

/** Frames that the browser renders at a time. */
export const QUANTUM = 128;
const FADE_POINTS = 33;
/** A lead that had to grow shrinks again after so many fades. */
const LEAD_MEMORY = 100;
/** Of longer responses the past is much work; whether two are alike, their own samples tell as well. */
const LONG_RESPONSE = 2048;

/**
 * Weights of two signals that are alike to a degree, so that the power of their sum stays the same all the way.
 *
 * Of signals that have nothing in common these are the sine and cosine of the "equal power" fade; alike signals would
 * swell by 3 dB under it, at every step of a drag. For them the weights add up to 1.
 *
 * @param {number} alike correlation, 0 to 1
 */
export function fadeCurves(alike) {
  const rising = new Float32Array(FADE_POINTS);
  for (let k = 0; k < FADE_POINTS; k++) {
    const angle = (0.5 * Math.PI * k) / (FADE_POINTS - 1);
    rising[k] = Math.sin(angle) / Math.sqrt(1 + alike * Math.sin(2 * angle));
  }
  return { rising, falling: Float32Array.from(rising).reverse() };
}

/** Correlation of two signals of several channels each, cut to 0 to 1. Silence is like anything. */
export function likeness(a, b) {
  let [together, ofA, ofB] = [0, 0, 0];
  a.forEach((channel, row) => {
    const length = Math.min(channel.length, b[row].length);
    for (let n = 0; n < length; n++) {
      together += channel[n] * b[row][n];
      ofA += channel[n] ** 2;
      ofB += b[row][n] ** 2;
    }
  });
  return ofA * ofB > 0 ? Math.min(1, Math.max(0, together / Math.sqrt(ofA * ofB))) : 1;
}

/** Convolvers of one response, behind a gate that opens at a moment. */
class Slot {
  constructor(context, response, input, output) {
    this.response = response;
    this.input = input;
    this.gate = new GainNode(context, { gain: 0 });
    this.gain = new GainNode(context, { gain: 0 });
    input.connect(this.gate);
    const pairs = Math.ceil(response.length / 2);
    const merger = pairs > 1 ? new ChannelMergerNode(context, { numberOfInputs: response.length }) : null;
    this.convolvers = Array.from({ length: pairs }, (_, pair) => {
      const rows = response.slice(2 * pair, 2 * pair + 2);
      const buffer = audioBuffer(context, rows);
      // Normalised, every response would be equally loud, however far away.
      const convolver = new ConvolverNode(context, { buffer, disableNormalization: true });
      this.gate.connect(convolver);
      if (!merger) {
        convolver.connect(this.gain);
        return convolver;
      }
      const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
      convolver.connect(splitter);
      rows.forEach((_, side) => splitter.connect(merger, side, 2 * pair + side));
      return convolver;
    });
    merger?.connect(this.gain);
    this.gain.connect(output);
  }

  /** Let go of it; a second time does nothing. */
  release() {
    if (this.released) return;
    this.released = true;
    this.input.disconnect(this.gate);
    this.gain.disconnect();
  }
}

/** Two slots in turn, and a queue of one: until a fade ends, only the latest response waits for the next one. */
export class Crossfader {
  constructor(graph, source, input, output, leadBlocks) {
    Object.assign(this, { graph, source, input, output });
    this.active = null;
    this.leaving = []; // slots that are faded out, and the frame at which they are silent
    this.freeFrame = 0; // when the last fade ends
    this.waiting = null;
    this.dropped = 0;
    this.usualLead = this.lead = leadBlocks;
    this.inTime = 0; // fades since the lead was last too short
  }

  /** Hear another response from the next possible moment on; `heard` is told when it is as loud as the one before. */
  set(response, heard = () => {}) {
    if (this.waiting) this.dropped++;
    this.forget();
    this.waiting = { response, heard, slot: null };
    this.update();
  }

  /** To be called again soon after `graph.onUnfinished`. */
  update() {
    const { graph } = this;
    const now = graph.currentFrame();
    this.leaving = this.leaving.filter(({ slot, silentFrame }) => {
      if (now < silentFrame) return true;
      slot.release();
      return false;
    });
    // Scheduled ahead of time, a fade can begin just when the one before it ends.
    const frame = Math.max(graph.nextFrame(this.lead), graph.startFrame);
    if (this.waiting && frame >= this.freeFrame) this.#fade(frame);
    if (this.waiting || this.leaving.length) graph.onUnfinished();
  }

  /** No response waits any more. */
  forget() {
    this.waiting?.slot?.release();
    this.waiting = null;
  }

  /** Hear nothing any more, at once: for what is silent. The next response fades in. */
  rest() {
    this.forget();
    this.release();
    this.active = null;
    this.leaving = [];
  }

  #fade(frame) {
    const { response, heard } = this.waiting;
    const { context, fadeFrames } = this.graph;
    const past = this.#past(frame, response);
    const before = this.active;
    const { rising, falling } = fadeCurves(before ? this.#alike(before.response, response, past, frame) : 0);
    // Long convolvers take time to make; nothing but the schedule is left to do once the frame was found to be in time.
    const slot = (this.waiting.slot ??= new Slot(context, response, this.input, this.output));
    const tail = new AudioBufferSourceNode(context, { buffer: audioBuffer(context, past) });
    if (!this.#isInTime(frame)) return; // a busy machine: it waits for the next update
    this.waiting = null;

    const start = frame / context.sampleRate;
    const duration = (fadeFrames - 1) / context.sampleRate; // two curves may follow each other, but not touch
    slot.gate.gain.setValueAtTime(1, start);
    slot.gain.gain.setValueCurveAtTime(rising, start, duration);
    tail.connect(slot.gain);
    tail.start(start);
    this.freeFrame = frame + fadeFrames;
    if (before) {
      before.gain.gain.setValueCurveAtTime(falling, start, duration);
      this.leaving.push({ slot: before, silentFrame: this.freeFrame + QUANTUM });
    }
    this.active = slot;
    heard(start + duration / 2);
  }

  #alike(before, response, past, frame) {
    if (response[0].length > LONG_RESPONSE) return likeness(before, response);
    return likeness(this.#past(frame, before), past);
  }

  #past(frame, response) {
    return tailOfThePast(this.graph.loopAt(this.source, frame), frame - this.graph.firstFrame, response);
  }

  /** Whether a frame can still be met after all that was computed for it; the lead grows until it can. */
  #isInTime(frame) {
    const missed = this.graph.currentFrame() + QUANTUM - frame;
    if (missed > 0) {
      this.lead += Math.ceil(missed / QUANTUM);
      this.inTime = 0;
    } else if (++this.inTime > LEAD_MEMORY && this.lead > this.usualLead) {
      this.lead--;
      this.inTime = 0;
    }
    return missed <= 0;
  }

  release() {
    this.leaving.forEach(({ slot }) => slot.release());
    this.active?.release();
  }
}

/** Samples as the audio graph wants them; the rate is that of the context. */
export function audioBuffer(context, channels) {
  const length = Math.max(1, channels[0].length);
  const buffer = new AudioBuffer({ numberOfChannels: channels.length, length, sampleRate: context.sampleRate });
  channels.forEach((samples, row) => buffer.copyToChannel(samples, row));
  return buffer;
}
