/** How long it took until something was heard, over the last moves. */

const LATENCIES_KEPT = 200;

export class LatencyLog {
  constructor() {
    this.values = [];
  }

  add(milliseconds) {
    this.values.push(milliseconds);
    if (this.values.length > LATENCIES_KEPT) this.values.shift();
  }

  /** Last, median and 95th percentile in milliseconds, and how many moves they are of; null before the first. */
  summary() {
    if (!this.values.length) return null;
    const sorted = [...this.values].sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
    return { last: this.values.at(-1), median: at(0.5), p95: at(0.95), count: sorted.length };
  }
}
