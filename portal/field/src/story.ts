/** What happened to an order, the phone's own steps among it: also those the server has not heard of yet. Pure. */

import type { OpEntry, Operation, Row } from "./sync/types.ts";

export interface Told {
  at: string;
  who: string | null;
  /** done by the product or by somebody whose name is not known here, and not by this phone */
  by: "me" | "system" | "somebody";
  command: string;
  text: string | null;
  /** where it stands: known to the server, still to be sent, or refused */
  state: "told" | "waiting" | "refused";
  /** how often in a row */
  count: number;
}

const OF_PERMIT: Record<string, string> = { confirm: "confirm_isolation", hand_back: "hand_back_permit" };

/** The name of an operation's event, as the server will write it. */
export function eventOf(op: Pick<Operation, "entity" | "command">): string {
  if (op.entity === "visit" && op.command !== "punch") return `visit.${op.command}`;
  return op.entity === "permit" ? (OF_PERMIT[op.command] ?? op.command) : op.command;
}

/** Tell an order's story, the newest first. `about`: ids of the order, its visits and its permits. */
export function story({ events, comments, ops, about }: { events: Row[]; comments: Row[]; ops: OpEntry[]; about: Set<string> }): Told[] {
  const own = new Map(ops.map((one) => [one.op_id, one]));
  const told: Told[] = [
    ...events.filter((one) => one.command !== "comment").map((one) => ({
      at: one.occurred_at, who: one.actor, by: one.actor_kind && one.actor_kind !== "system" ? ("somebody" as const) : ("system" as const), command: one.command, text: one.reason, state: "told" as const, count: 1,
    })),
    ...comments.map((one) => ({ at: one.at, who: one.author, by: "me" as const, command: "comment", text: one.text, state: stateOf(own.get(one.id)), count: 1 })),
    ...ops.filter(({ op }) => about.has(op.entity_id) && op.command !== "comment").map((one) => ({
      at: one.op.occurred_at, who: null, by: "me" as const, command: eventOf(one.op), text: one.op.args.reason ?? null, state: stateOf(one), count: 1,
    })),
  ];
  told.sort((a, b) => b.at.localeCompare(a.at));
  return told.reduce<Told[]>(gather, []);
}

const stateOf = (entry: OpEntry | undefined): Told["state"] =>
  !entry || entry.state === "server" ? "told" : entry.state === "needs_you" ? "refused" : "waiting";

/** Put the same thing done over and over, as a check-list is answered, into one line. */
function gather(found: Told[], next: Told): Told[] {
  const last = found.at(-1);
  if (last && last.command === next.command && last.state === next.state && last.who === next.who && last.by === next.by && !last.text && !next.text) last.count += 1;
  else found.push(next);
  return found;
}
