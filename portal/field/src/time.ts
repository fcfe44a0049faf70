/** Working time of an order, as the server counts it before it lets anybody finish. Pure. */

import type { Row } from "./sync/types.ts";

/** The least the clock books [ms]: what ran shorter is dropped. */
export const LEAST_MS = 1_000;

/** Tell whether working time is booked in the order's present cycle, or will be by stopping the clock that runs here. */
export function hasWorked(visits: Row[], cycle: number | undefined, runs: { kind: string; ms: number } | null): boolean {
  if (runs?.kind === "work" && runs.ms >= LEAST_MS) return true;
  return visits
    .filter((one) => cycle === undefined || one.cycle === undefined || one.cycle === cycle)
    .some((one) => (one.punches ?? []).some((punch: Row) => punch.kind === "work" && punch.seconds > 0));
}
