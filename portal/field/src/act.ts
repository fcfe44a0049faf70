/** Taps that become operations: written at once, sent when possible, told if the phone is full. */

import { t } from "./look.ts";
import { model } from "./model.ts";
import { askBackgroundSync } from "./phone.ts";
import { toast } from "./parts/toast.tsx";
import { NoRoom, type Intent } from "./sync/core.ts";
import { StorageFull } from "./sync/store.ts";
import { turnClock, type Job } from "./work.ts";

/** Write operations; true when they are on the phone's disk. */
export async function act(intents: Intent[]): Promise<boolean> {
  if (!intents.length) return true;
  try {
    await model.core!.write(intents);
  } catch (error) {
    if (!(error instanceof StorageFull)) throw error;
    toast(t("storage_full"), "act");
    return false;
  }
  const isOfLabels = intents.some((one) => one.entity === "tag" && one.command !== "scan");
  void model.core!.sync({ isForced: true, withTags: isOfLabels });
  void askBackgroundSync();
  return true;
}

/** Keep a file with its order; its hash when it is on the phone's disk. */
export async function attach(order: string, role: string, bytes: Uint8Array<ArrayBuffer>, mime: string): Promise<string | null> {
  try {
    const hash = await model.core!.attach(order, role, bytes, mime);
    void model.core!.sync({ isForced: true, withTags: false });
    void askBackgroundSync();
    return hash;
  } catch (error) {
    if (!(error instanceof StorageFull) && !(error instanceof NoRoom)) throw error;
    toast(t(error instanceof NoRoom ? "no_room" : "storage_full"), "act");
    return null;
  }
}

const ofVisit = (visit: string, command: string, args = {}): Intent => ({ entity: "visit", entity_id: visit, command, args });
const ofOrder = (order: string, command: string, args = {}): Intent => ({ entity: "work_order", entity_id: order, command, args });

export const accept = ({ visit }: Job): Promise<boolean> => act([ofVisit(visit.id, "accept")]);
export const decline = ({ visit }: Job, reason: string): Promise<boolean> => act([ofVisit(visit.id, "decline", { reason })]);
export const travel = ({ visit }: Job): Promise<boolean> => act([ofVisit(visit.id, "travel"), ...turnClock(visit.id, "travel")]);
export const arrive = ({ visit }: Job): Promise<boolean> => act([ofVisit(visit.id, "arrive"), ...turnClock(visit.id, null)]);
export const noAccess = ({ visit }: Job, reason: string): Promise<boolean> =>
  act([ofVisit(visit.id, "find_no_access", { reason }), ...turnClock(visit.id, null)]);

export interface Proof {
  tag?: string;
  override?: { reason: string; photo: string };
  safety: Record<string, boolean>;
}

/** Begin work: arrived if that was not said, the order started with its proof, the clock on. */
export function start({ visit, order }: Job, proof: Proof): Promise<boolean> {
  const before = ["accepted", "enroute"].includes(visit.status) ? [ofVisit(visit.id, "arrive")] : [];
  const begun = order!.status === "in_progress" ? [] : [ofOrder(order!.id, "start", { visit_id: visit.id, ...proof })];
  return act([...before, ...begun, ofVisit(visit.id, "work"), ...turnClock(visit.id, "work")]);
}

export const pause = ({ visit }: Job): Promise<boolean> => act([ofVisit(visit.id, "pause"), ...turnClock(visit.id, "break")]);
export const work = ({ visit }: Job): Promise<boolean> => act([ofVisit(visit.id, "work"), ...turnClock(visit.id, "work")]);
export const resume = (found: Job): Promise<boolean> =>
  act([
    ofOrder(found.order!.id, "resume"),
    ...(["on_site", "break"].includes(found.visit.status) ? [ofVisit(found.visit.id, "work")] : []), ...turnClock(found.visit.id, "work"),
  ]);
export const hold = ({ visit, order }: Job, reason: string, until: string): Promise<boolean> =>
  act([ofOrder(order!.id, "hold", { reason, until }), ...(visit.status === "working" ? [ofVisit(visit.id, "pause")] : []), ...turnClock(visit.id, null)]);
export const leavePartial = ({ visit }: Job, reason: string): Promise<boolean> =>
  act([...turnClock(visit.id, null), ofVisit(visit.id, "leave_partial", { reason })]);
export const giveUp = ({ visit, order }: Job, reason: string): Promise<boolean> =>
  act([...turnClock(visit.id, null), ofOrder(order!.id, "give_up", { reason }), ofVisit(visit.id, "abort", { reason })]);

/** Finish: time booked first, then the order complete, then the visit. */
export function finish({ visit, order }: Job): Promise<boolean> {
  const { problem_code: problem, cause_code: cause, remedy_code: remedy } = order!;
  return act([...turnClock(visit.id, null), ofOrder(order!.id, "complete", { problem, cause, remedy }), ofVisit(visit.id, "finish")]);
}
