/** What the office changed while the phone was away: only what the technician did not do themselves. */

import type { Transaction } from "./store.ts";
import type { Held, News, Row } from "./types.ts";

const OFFICE_ENDS = ["cancelled"];
/** Visits the technician has ended, or has been told of. */
const ENDED = ["done", "partial", "aborted", "no_access", "declined", "cancelled"];
const ORDER_NEWS = ["cancelled", "on_hold", "verified", "verify_failed", "closed", "merged"];

/** Compare a row with what the server said before, and write down what is worth telling. */
export async function noteNews(tx: Transaction, entity: string, id: string, before: Row | null, after: Row, at: number): Promise<void> {
  for (const told of compare(entity, before, after)) await tx.objectStore("news").add({ at, entity, id, ...told });
}

/** A visit that is not theirs any more, told by when it was. */
function withdrawn(visit: Row): Pick<News, "kind" | "before" | "after"> {
  return { kind: "withdrawn", before: visit.planned_start, after: null };
}

/** Write down that a visit went, unless it was over or went before. */
export async function noteLeft(tx: Transaction, id: string, held: Held, at: number): Promise<void> {
  const visit = held.shown ?? held.base;
  if (held.left || !visit || visit.is_rehearsal || ENDED.includes(visit.status)) return;
  await tx.objectStore("news").add({ at, entity: "visit", id, ...withdrawn(visit) });
}

export function compare(entity: string, before: Row | null, after: Row): Pick<News, "kind" | "before" | "after">[] {
  if (entity === "visit") {
    if (!before) return after.is_rehearsal ? [] : [{ kind: "new_visit", before: null, after: after.planned_start }];
    if (before.status !== after.status && OFFICE_ENDS.includes(after.status))
      return [withdrawn(before)];
    if (before.planned_start !== after.planned_start)
      return [{ kind: "moved", before: before.planned_start, after: after.planned_start }];
  }
  if (entity === "work_order" && before) {
    const told: Pick<News, "kind" | "before" | "after">[] = [];
    if (before.priority !== after.priority) told.push({ kind: "priority", before: before.priority, after: after.priority });
    if (before.status !== after.status && ORDER_NEWS.includes(after.status))
      told.push({ kind: "status", before: before.status, after: after.status });
    return told;
  }
  if (entity === "conflict" && before && !before.resolved_at && after.resolved_at)
    return [{ kind: "resolved", before: after.class, after: after.resolution }];
  return [];
}
