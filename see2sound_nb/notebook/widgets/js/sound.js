/** The sound of a live room: its share of the page's audio context, the graph in it, how loud all is, and the meters. */
import { releaseContext, sharedContext } from "./audio_context.js";
import { RoomGraph, meterReading } from "./graph.js";

/** How often the audio graph is looked after while fades are under way. */
const GRAPH_TICK_MS = 4;
/** The loudest sample that may leave the browser. */
const FULL_SCALE = 0.99;
/** After the volume was lowered the meters still hold what was louder. */
const METER_MEMORY_MS = 200;
/** A released graph fades out for so long before its context is let go. */
const FADE_OUT_MS = 300;

const decibels = (factor) => 20 * Math.log10(factor);
const factorOf = (db) => 10 ** (db / 20);

export class RoomSound {
  /**
   * @param {object} model the widget's model, guarded
   * @param {(subject: string, text: string | null, kind?: string) => void} note tells the reader, or takes it back
   * @param {() => void} onState called when the context begins to run, or stops
   */
  constructor(model, note, onState) {
    Object.assign(this, { model, note, onState });
    this.maxChannels = 0;
    this.context = null;
    this.graph = null;
    this.builtAt = 0;
    this.loweredAt = 0;
    this.tick = null; // the next look after the audio graph
    this.shown = null; // of a clip: what is heard while the frame is shown
  }

  /** Whether it plays. */
  get sounds() {
    return this.graph !== null && this.context.state === "running";
  }

  // Context and graph -------------------------------------------------------------------------------------------------

  /** Take a share of the page's context at a sample rate in Hz. */
  open(rate) {
    this.context ??= sharedContext(rate);
    this.maxChannels = this.context.destination.maxChannelCount;
  }

  /** Let the context run; what its state then is, is to be looked at. */
  resume() {
    this.context.addEventListener("statechange", this.onState);
    return this.context.resume().catch(() => {});
  }

  /** A new graph for so many channels; its sources are silent until they get responses. */
  build(loops, beds, channels) {
    const { context, model } = this;
    const { destination } = context; // other rooms may play there, too
    destination.channelCount = Math.min(this.maxChannels, Math.max(channels, destination.channelCount));
    const before = this.graph;
    this.builtAt = performance.now();
    this.graph = new RoomGraph(context, {
      loops, channels, gain: factorOf(model.get("gain_db")), levels: this.levels(), firstFrame: before?.firstFrame,
      beds, bedWeights: this.shown?.bedWeights, aroundLevel: this.#aroundLevel(),
    });
    before?.release(this.graph.start);
    this.graph.onUnfinished = () => {
      if (this.tick) return;
      this.tick = setTimeout(() => {
        this.tick = null;
        this.graph?.update();
      }, GRAPH_TICK_MS);
    };
  }

  /** No sound, and no share of the page's context. */
  release() {
    const { context } = this;
    this.graph?.release();
    this.graph = null;
    this.context = null;
    if (context) {
      context.removeEventListener("statechange", this.onState);
      setTimeout(() => releaseContext(context), FADE_OUT_MS);
    }
  }

  /** Whether a move is to be timed: one that a running sound had to follow. */
  isTimed(stamp) {
    return this.sounds && stamp > this.builtAt + METER_MEMORY_MS;
  }

  canPlay(layout) {
    return layout !== "5.1" || this.maxChannels >= 6;
  }

  sayHowItIsPlayed() {
    const layout = this.model.get("channel_layout");
    const folded = this.maxChannels && !this.canPlay(layout);
    const said = `The sound output here has ${this.maxChannels} channels: ${layout} is mixed down to them, without its LFE.`;
    this.note("layout", folded ? said : null, "warning");
  }

  // Levels ------------------------------------------------------------------------------------------------------------

  followGain() {
    this.note("gain", null);
    this.graph?.setGain(factorOf(this.model.get("gain_db")));
  }

  followLevels() {
    this.levels().forEach((factor, k) => this.graph?.setLevel(k, factor));
    this.graph?.setAround(this.#aroundLevel());
  }

  /**
   * Another frame of a clip is shown.
   * @param {{heard: number[], present: (k: number) => boolean, bedWeights: number[]}} shown how much of each source is
   *   heard, whether it is in the shot, and how loud each ambience is
   */
  follow(shown) {
    const before = this.shown?.heard;
    this.shown = shown;
    if (shown.heard.some((factor, k) => factor !== before?.[k])) this.followLevels();
    this.graph?.setBeds(shown.bedWeights);
  }

  /** Of a clip solo is within a shot. */
  get #soloed() {
    return this.model.get("soloed").map((on, k) => on && (this.shown?.present(k) ?? true));
  }

  /** The ambience is silent where it is muted, and while a source is solo. */
  #aroundLevel() {
    const { model } = this;
    if (model.get("ambience_muted") || this.#soloed.some(Boolean)) return 0;
    return factorOf(model.get("ambience_level_db"));
  }

  /** How loud each source is, as a factor. */
  levels() {
    const { model } = this;
    const [muted, levels] = ["muted", "levels_db"].map((name) => model.get(name));
    const soloed = this.#soloed;
    const alone = soloed.some(Boolean);
    return levels.map((db, k) =>
      muted[k] || (alone && !soloed[k]) ? 0 : factorOf(db) * (this.shown?.heard[k] ?? 1),
    );
  }

  /** Levels of the channels and of the sources, and the peak, in dB relative to full scale. */
  meters(channelCount) {
    if (!this.sounds) {
      const silent = (count) => Array(count).fill(-Infinity);
      const sources = silent(this.model.get("positions").length);
      return { channels: silent(channelCount), sources, around: -Infinity, peak_db: -Infinity };
    }
    const channels = this.graph.channelMeters.map(meterReading);
    const peak = Math.max(...channels.map((channel) => channel.peak));
    this.#keepBelowFullScale(peak);
    const gain = factorOf(this.model.get("gain_db"));
    return {
      channels: channels.map(({ rms }) => decibels(rms)),
      sources: this.graph.sources.map(({ meter }) => decibels(gain * meterReading(meter).rms)),
      around: this.graph.around ? decibels(gain * meterReading(this.graph.around.meter).rms) : -Infinity,
      peak_db: decibels(peak),
    };
  }

  #keepBelowFullScale(peak) {
    if (peak <= FULL_SCALE || performance.now() < this.loweredAt + METER_MEMORY_MS) return;
    this.loweredAt = performance.now();
    const lower = Math.ceil(2 * decibels(peak / FULL_SCALE)) / 2;
    const gain = this.model.get("gain_db") - lower;
    this.model.set("gain_db", gain);
    this.model.save_changes();
    this.note("gain", `The sum of the sources reached full scale: the volume is now ${gain.toFixed(1).replace("-", "\u2212")} dB.`, "warning");
  }
}
