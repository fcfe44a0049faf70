/** The two state machines, from the table that drives the server too (machine.json, made by `enerfield workorders machine`). */

import table from "./machine.json" with { type: "json" };

interface Move {
  command: string;
  before: (string | null)[];
  after: string;
  actors: string[];
  guards: string[];
}

const ORDER = table.order.moves as Move[];
const VISIT = table.visit.moves as Move[];
export const HOLD_REASONS = table.hold_reasons as string[];
export const ENDED = new Set<string>(table.visit.ended);
export const ACTIVE = new Set<string>(table.visit.active);
export const OVER = new Set<string>(table.order.over);
const PROGRESS = table.order.progress as string[];

/** Return the move a command makes from a status, if a technician may make it from there. */
export function find(of: "order" | "visit", command: string, before: string): Move | undefined {
  const moves = of === "order" ? ORDER : VISIT;
  return moves.find((one) => one.command === command && one.before.includes(before) && one.actors.includes("technician"));
}

/** Return the commands a technician may give from here. */
export function possible(of: "order" | "visit", before: string): string[] {
  const moves = of === "order" ? ORDER : VISIT;
  return moves.filter((one) => one.before.includes(before) && one.actors.includes("technician")).map((one) => one.command);
}

/** Tell whether an order has already been where a command wanted to bring it. */
export function isPast(status: string, goal: string): boolean {
  const [here, there] = [PROGRESS.indexOf(status), PROGRESS.indexOf(goal)];
  return here < 0 || there < 0 ? status === goal : here >= there;
}

export interface Fault {
  code: string;
  name: string;
  name_zh: string;
  is_danger: boolean;
}

/** Classes of fault a report may name. */
export const FAULTS = (table as { fault_classes?: Fault[] }).fault_classes ?? [];
