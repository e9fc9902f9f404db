/**
 * The audio graph of a live room. It runs in an AudioContext for the ears, and in an OfflineAudioContext for the tests.
 *
 *   loop of source k ─┬─ early: slot A / slot B ─┬─ level, mute ─ meter ─┬─ master ─ meters ─ destination
 *                     └─ late:  slot A / slot B ─┘                      (other sources)
 *
 * A slot is convolvers of one impulse response. A new response comes in a new slot, and both are crossfaded: giving a
 * playing convolver another buffer would click, and silence the reverberation of what was heard before.
 */
import { tailOfThePast } from "./fft.js";

/** Frames that the browser renders at a time. */
const QUANTUM = 128;
/** How long two responses are crossfaded: about so many seconds, in whole blocks. */
const FADE_S = 0.016;
/** How fast a level changes: time constant of an exponential approach. */
const LEVEL_TIME_S = 0.01;
const FADE_POINTS = 33;
/** What is scheduled must be ready before the browser renders it: so many blocks are in hand. */
const LEAD_BLOCKS = 2;
/** The late part of a response is in no hurry, and more work. */
const LATE_BLOCKS = 4;
/** A loop that began a moment late would be out of step with every tail, for good. */
const START_BLOCKS = 20;
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

  release() {
    this.input.disconnect(this.gate);
    this.gain.disconnect();
  }
}

/** Two slots in turn, and a queue of one: until a fade ends, only the latest response waits for the next one. */
class Crossfader {
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

/** A whole room: one loop and two crossfaders for each source, levels, and meters. */
export class RoomGraph {
  /**
   * @param {BaseAudioContext} context at the sample rate of the loops
   * @param {object} scene
   * @param {Float32Array[]} scene.loops one dry sound for each source
   * @param {number} scene.channels of the layout
   * @param {number} scene.gain master gain, a factor
   * @param {number[]} scene.levels a factor for each source
   * @param {number} [scene.firstFrame] when the loops began, in frames of the context; a multiple of 128
   */
  constructor(context, { loops, channels, gain, levels, firstFrame }) {
    this.context = context;
    this.channels = channels;
    this.onUnfinished = () => {}; // somebody should call `update` soon
    this.fadeFrames = Math.max(1, Math.round((FADE_S * context.sampleRate) / QUANTUM)) * QUANTUM;
    const start = this.nextFrame(START_BLOCKS);
    this.startFrame = start;
    this.start = start / context.sampleRate; // when it is heard first
    this.firstFrame = firstFrame ?? start;
    const bus = { channelCount: channels, channelCountMode: "explicit", channelInterpretation: "discrete" };
    this.master = new GainNode(context, { ...bus, gain: 0 });
    this.master.gain.setTargetAtTime(gain, this.start, LEVEL_TIME_S);
    const out = new GainNode(context, { ...bus, channelInterpretation: "speakers" });
    this.master.connect(out).connect(context.destination);
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: channels });
    this.master.connect(splitter);
    this.channelMeters = Array.from({ length: channels }, (_, row) => {
      const meter = newMeter(context);
      splitter.connect(meter, row);
      return meter;
    });
    this.sources = loops.map((loop, k) => {
      const input = new GainNode(context, { channelCount: 1, channelCountMode: "explicit" });
      const level = new GainNode(context, { ...bus, gain: levels[k] });
      const meter = newMeter(context);
      level.connect(meter);
      level.connect(this.master);
      const early = new Crossfader(this, k, input, level, LEAD_BLOCKS);
      const late = new Crossfader(this, k, input, level, LATE_BLOCKS);
      const player = this.#player(loop, start, input);
      return { input, level, meter, early, late, player, loop, loopBefore: loop, loopFrame: -Infinity, nextLoop: null };
    });
  }

  currentFrame() {
    return Math.round(this.context.currentTime * this.context.sampleRate);
  }

  /** A frame, at the beginning of a block, that is so many blocks ahead of what the browser renders now. */
  nextFrame(leadBlocks) {
    const { context } = this;
    const ahead = Math.max(leadBlocks * QUANTUM, Math.ceil((context.baseLatency || 0) * context.sampleRate));
    return Math.ceil((this.currentFrame() + ahead) / QUANTUM) * QUANTUM;
  }

  #player(loop, frame, input) {
    const { context } = this;
    const fade = new GainNode(context, { gain: 1 });
    const player = new AudioBufferSourceNode(context, { buffer: audioBuffer(context, [loop]), loop: true });
    const turned = (((frame - this.firstFrame) % loop.length) + loop.length) % loop.length;
    player.connect(fade).connect(input);
    player.start(frame / context.sampleRate, turned / context.sampleRate);
    return { player, fade };
  }

  /** The sound of source k at a frame. */
  loopAt(k, frame) {
    const { loop, loopBefore, loopFrame } = this.sources[k];
    return frame < loopFrame ? loopBefore : loop;
  }

  /** Source k gets another sound; the old one is faded out meanwhile, and the others play on. */
  setLoop(k, loop) {
    const { context } = this;
    const source = this.sources[k];
    const frame = this.nextFrame(START_BLOCKS);
    if (frame < source.loopFrame + this.fadeFrames + QUANTUM) {
      source.nextLoop = loop; // after the fade that is under way
      this.onUnfinished();
      return;
    }
    Object.assign(source, { loop, loopBefore: source.loop, loopFrame: frame, nextLoop: null });
    const start = frame / context.sampleRate;
    const duration = this.fadeFrames / context.sampleRate;
    const { rising, falling } = fadeCurves(0);
    const before = source.player;
    source.player = this.#player(loop, frame, source.input);
    source.player.fade.gain.setValueAtTime(0, context.currentTime);
    source.player.fade.gain.setValueCurveAtTime(rising, start, duration);
    before.fade.gain.setValueCurveAtTime(falling, start, duration);
    before.player.stop(start + duration);
  }

  setLevel(k, factor) {
    this.sources[k].level.gain.setTargetAtTime(factor, this.context.currentTime, LEVEL_TIME_S);
  }

  setGain(factor) {
    this.master.gain.setTargetAtTime(factor, Math.max(this.start, this.context.currentTime), LEVEL_TIME_S);
  }

  /** Go on with what waited for the end of a fade, and let go of what is silent. */
  update() {
    this.sources.forEach(({ early, late, nextLoop }, k) => {
      if (nextLoop) this.setLoop(k, nextLoop);
      early.update();
      late.update();
    });
  }

  /**
   * Fade out and let go of everything.
   *
   * @param {number} [when] the time at which another graph takes over
   */
  release(when = this.context.currentTime) {
    this.master.gain.cancelScheduledValues(when);
    this.master.gain.setTargetAtTime(0, when, LEVEL_TIME_S);
    for (const source of this.sources) {
      source.player.player.stop(when + 8 * LEVEL_TIME_S);
      source.nextLoop = null;
      source.early.forget();
      source.late.forget();
    }
    this.sources[0].player.player.onended = () => {
      for (const { early, late } of this.sources) {
        early.release();
        late.release();
      }
      this.master.disconnect();
    };
  }
}

function audioBuffer(context, channels) {
  const length = Math.max(1, channels[0].length);
  const buffer = new AudioBuffer({ numberOfChannels: channels.length, length, sampleRate: context.sampleRate });
  channels.forEach((samples, row) => buffer.copyToChannel(samples, row));
  return buffer;
}

function newMeter(context) {
  return new AnalyserNode(context, { fftSize: 1024, channelCountMode: "max" });
}

const METER_SAMPLES = new Float32Array(1024);

/** RMS and peak of what a meter heard last, as factors. */
export function meterReading(meter) {
  meter.getFloatTimeDomainData(METER_SAMPLES);
  let [sum, peak] = [0, 0];
  for (const value of METER_SAMPLES) {
    sum += value * value;
    peak = Math.max(peak, Math.abs(value));
  }
  return { rms: Math.sqrt(sum / METER_SAMPLES.length), peak };
}
