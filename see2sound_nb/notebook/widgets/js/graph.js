/**
 * The audio graph of a live room. It runs in an AudioContext for the ears, and in an OfflineAudioContext for the tests.
 *
 *   loop of source k ─┬─ early: slot A / slot B ─┬─ level, mute ─ meter ─┬─ master ─ meters ─ destination
 *                     └─ late:  slot A / slot B ─┘                      (other sources)
 *   loop of the ambience, a channel each ─ weight ─── level, mute ─ meter ─┘
 */
import { Crossfader, QUANTUM, audioBuffer, fadeCurves } from "./crossfade.js";

/** How long two responses are crossfaded: about so many seconds, in whole blocks. */
const FADE_S = 0.016;
/** How fast a level changes: time constant of an exponential approach. */
const LEVEL_TIME_S = 0.01;
/** From one ambience to another, as `AMBIENCE_CUT_S` in moving_scene.py. */
const BED_FADE_S = 0.5;
/** What is scheduled must be ready before the browser renders it: so many blocks are in hand. */
const LEAD_BLOCKS = 2;
/** The late part of a response is in no hurry, and more work. */
const LATE_BLOCKS = 4;
/** A loop that began a moment late would be out of step with every tail, for good. */
const START_BLOCKS = 20;

/** A whole room: one loop and two crossfaders for each source, levels, and meters. */
export class RoomGraph {
  /**
   * @param {BaseAudioContext} context at the sample rate of the loops
   * @param {object} scene
   * @param {Float32Array[]} scene.loops one dry sound for each source
   * @param {number} scene.channels of the layout
   * @param {number} scene.gain master gain, a factor
   * @param {number[]} scene.levels a factor for each source
   * @param {Float32Array[] | null} [scene.around] the ambience, a loop for each channel
   * @param {Float32Array[][]} [scene.beds] or several of them
   * @param {number[]} [scene.bedWeights] a factor for each
   * @param {number} [scene.aroundLevel] a factor for all
   * @param {number} [scene.firstFrame] when the loops began, in frames of the context; a multiple of 128
   */
  constructor(context, {
    loops, channels, gain, levels, firstFrame, around = null, beds = around ? [around] : [], aroundLevel = 1,
    bedWeights = beds.map(() => 1),
  }) {
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
      const player = this.#player([loop], start, input);
      return { input, level, meter, early, late, player, loop, loopBefore: loop, loopFrame: -Infinity, nextLoop: null };
    });
    this.around = null;
    if (beds.length) {
      const level = new GainNode(context, { ...bus, gain: aroundLevel });
      const meter = newMeter(context);
      level.connect(meter);
      level.connect(this.master);
      const playing = beds.map((rows, n) => {
        const weight = new GainNode(context, { ...bus, gain: bedWeights[n] });
        weight.connect(level);
        return { weight, target: bedWeights[n], player: this.#player(rows, start, weight) };
      });
      this.around = { level, meter, beds: playing };
    }
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

  #player(rows, frame, input) {
    const { context } = this;
    const { length } = rows[0];
    const fade = new GainNode(context, { gain: 1 });
    const player = new AudioBufferSourceNode(context, { buffer: audioBuffer(context, rows), loop: true });
    const turned = (((frame - this.firstFrame) % length) + length) % length;
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
    source.player = this.#player([loop], frame, source.input);
    source.player.fade.gain.setValueAtTime(0, context.currentTime);
    source.player.fade.gain.setValueCurveAtTime(rising, start, duration);
    before.fade.gain.setValueCurveAtTime(falling, start, duration);
    before.player.stop(start + duration);
  }

  setLevel(k, factor) {
    this.sources[k].level.gain.setTargetAtTime(factor, this.context.currentTime, LEVEL_TIME_S);
  }

  /** The level of the ambience. */
  setAround(factor) {
    this.around?.level.gain.setTargetAtTime(factor, this.context.currentTime, LEVEL_TIME_S);
  }

  /** A factor for each ambience: from one to another they fade together, so that their sum stays. */
  setBeds(weights) {
    const now = this.context.currentTime;
    this.around?.beds.forEach((bed, n) => {
      if (bed.target === weights[n]) return;
      bed.target = weights[n];
      const { gain } = bed.weight;
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(weights[n], now + BED_FADE_S);
    });
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
    const players = [...this.sources, ...(this.around?.beds ?? [])].map(({ player }) => player.player);
    for (const player of players) player.stop(when + 8 * LEVEL_TIME_S);
    for (const source of this.sources) {
      source.nextLoop = null;
      source.early.forget();
      source.late.forget();
    }
    const end = () => {
      if (this.context.state === "closed") return; // everything went with it
      for (const { early, late } of this.sources) {
        early.release();
        late.release();
      }
      this.master.disconnect();
    };
    if (players.length) players[0].onended = end;
    else end();
  }
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
