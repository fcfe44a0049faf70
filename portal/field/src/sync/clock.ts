/** How far the phone's clock is from the server's: the median of the last five answers. */

const KEPT = 5;

export interface Sample {
  offset: number;
  rtt: number;
}

/** Add one answer: when it was asked and answered by the phone, and what the server said it was in between [ms]. */
export function sample(samples: readonly Sample[], asked: number, answered: number, server: number): Sample[] {
  return [...samples, { offset: server - (asked + answered) / 2, rtt: answered - asked }].slice(-KEPT);
}

/** Return the offset to add to the phone's clock [ms]; 0 before anything was heard. */
export function offset(samples: readonly Sample[]): number {
  if (!samples.length) return 0;
  const sorted = samples.map((one) => one.offset).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return Math.round(sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2);
}

/** Return how long to wait before the next try [ms]: full jitter under a ceiling that doubles from 2 s to 5 min. */
export function backoff(failures: number, random: () => number): number {
  return Math.round(random() * Math.min(300_000, 2_000 * 2 ** Math.max(0, failures - 1)));
}
