/** One AudioContext for all widgets of a page: browsers allow only a few. */

const CONTEXTS_KEY = "see2sound_nb.audioContexts";

/**
 * The page's context at a sample rate, which the caller shares with others until `releaseContext`.
 *
 * @param {number} sampleRate in Hz; a convolver needs responses at the rate of its context
 */
export function sharedContext(sampleRate) {
  const contexts = (globalThis[CONTEXTS_KEY] ??= new Map());
  let shared = contexts.get(sampleRate);
  if (!shared) {
    shared = { context: new AudioContext({ sampleRate, latencyHint: "interactive" }), users: 0 };
    contexts.set(sampleRate, shared);
  }
  shared.users++;
  return shared.context;
}

/** Give a share back; the last one closes the context. */
export function releaseContext(context) {
  const contexts = globalThis[CONTEXTS_KEY];
  const shared = contexts?.get(context.sampleRate);
  if (shared?.context !== context || --shared.users > 0) return;
  contexts.delete(context.sampleRate);
  context.close();
}

/** When a moment of the context leaves the loudspeaker, on the clock of `performance.now()`, in milliseconds. */
export function heardAt(context, time) {
  const { contextTime, performanceTime } = context.getOutputTimestamp?.() ?? {};
  // Before the first sound has come out there is no time stamp, and some browsers never give one.
  if (performanceTime > 0 && contextTime > 0) return performanceTime + 1000 * (time - contextTime);
  const latency = context.outputLatency || context.baseLatency || 0;
  return performance.now() + 1000 * (time - context.currentTime + latency);
}
