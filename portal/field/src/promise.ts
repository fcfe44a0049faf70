/** Which promise of the service level ends next. Pure. */

import type { Row } from "./sync/types.ts";

const UNANSWERED = ["dispatched", "scheduled", "ready", "reported", "triaged"];

/** Response until somebody accepted, restoration afterwards; null where nothing is promised. */
export function promised(order: Row | undefined): { kind: "respond" | "restore"; at: string } | null {
  if (!order) return null;
  if (order.respond_by && UNANSWERED.includes(order.status)) return { kind: "respond", at: order.respond_by };
  return order.restore_by ? { kind: "restore", at: order.restore_by } : null;
}
