/** What an operation does to the rows the phone shows, before the server has heard of it. Pure, over a map of rows. */

import { find } from "../machine.ts";
import { keyOf, type Key, type Operation, type Row } from "./types.ts";

/** Rows by key; null for one that is not there. Effects replace rows, they never change one in place. */
export type View = Map<string, Row | null>;

/** Return the rows an operation shows in, besides its own; `read` gives those known before it. */
export function touched(op: Operation, row: Row | null): Key[] {
  const own: Key = [op.entity, op.entity_id];
  if (op.entity === "visit" && row) return [own, ["work_order", row.work_order_id]];
  if (op.command === "rehearse") return [own, ["visit", op.args.visit_id]];
  if (op.command === "use_part") return [own, ["stock", `${op.args.store_id}.${op.args.part_id}`]];
  if (op.entity === "work_order" && op.command === "comment") return [own, ["comment", commentId(op)]];
  return [own];
}

export function apply(view: View, op: Operation): void {
  const key = keyOf(op.entity, op.entity_id);
  const row = view.get(key) ?? null;
  const made = MAKERS[`${op.entity}.${op.command}`];
  if (made) return made(view, key, op);
  if (!row) return;
  const change = CHANGES[`${op.entity}.${op.command}`] ?? CHANGES[`*.${op.command}`];
  if (change) view.set(key, { ...row, ...change(row, op) });
  else if (op.entity === "visit") moveVisit(view, key, row, op);
  if (op.entity === "work_order") moveOrder(view, key, op);
  if (op.command === "use_part") take(view, op);
}

const MAKERS: Record<string, (view: View, key: string, op: Operation) => void> = {
  "work_order.report": (view, key, op) => {
    view.set(key, { ...blank(op), ...pick(op.args, "position_id", "device_id", "fault_class", "title", "description", "priority") });
  },
  "work_order.rehearse": (view, key, op) => {
    view.set(key, { ...blank(op), status: "accepted", is_rehearsal: true, number: "", position_id: op.args.position_id, title: "" });
    view.set(keyOf("visit", op.args.visit_id), {
      work_order_id: op.entity_id, status: "accepted", planned_start: op.occurred_at, planned_end: later(op.occurred_at, 60),
      accepted_at: op.occurred_at, companions: [], punches: [], is_rehearsal: true, is_mine: true,
    });
  },
  "work_order.comment": (view, _key, op) => {
    view.set(keyOf("comment", commentId(op)), {
      work_order_id: op.entity_id, text: op.args.text, is_public: op.args.is_public, at: op.occurred_at, author: null,
    });
  },
};

/** A remark shows under its operation's id until the server's own row comes. */
const commentId = (op: Operation): string => op.op_id;

const CHANGES: Record<string, (row: Row, op: Operation) => Row> = {
  "work_order.answer": (row, op) => ({
    answers: { ...row.answers, [op.args.item]: { value: op.args.value, note: op.args.note ?? null, answered_at: op.occurred_at } },
  }),
  "work_order.attach": (row, op) =>
    (row.attachments ?? []).some((one: Row) => one.sha256 === op.args.sha256 && one.role === op.args.role)
      ? {}
      : { attachments: [...(row.attachments ?? []), { ...pick(op.args, "role", "sha256", "size", "mime", "taken_at"), is_here: false }] },
  "work_order.codes": (_row, op) => ({
    problem_code: op.args.problem, cause_code: op.args.cause, remedy_code: op.args.remedy,
  }),
  "work_order.use_part": (row, op) => ({
    parts: [...(row.parts ?? []), { ...pick(op.args, "part_id", "store_id", "quantity"), at: op.occurred_at }],
  }),
  "visit.punch": (row, op) => ({ punches: [...(row.punches ?? []), pick(op.args, "kind", "started_at", "seconds")] }),
  "permit.confirm": (_row, op) => ({ confirmed_at: op.occurred_at }),
  "permit.hand_back": (_row, op) => ({ handed_back_at: op.occurred_at }),
  "point.read": (row, op) => (op.args.read_at > (row.at ?? "") ? { value: op.args.value, at: op.args.read_at, is_good: true } : {}),
  "*.rename": (_row, op) => pick(op.args, "name", "name_zh"),
  "device.relabel": (row, op) => {
    const plate = pick(op.args, "manufacturer", "model", "serial_number");
    return { ...plate, name: `${plate.manufacturer ?? row.manufacturer} ${plate.model ?? row.model}` };
  },
  "*.move_pin": (_row, op) => ({ lat: op.args.lat, lon: op.args.lon }),
  "tag.bind": (_row, op) => ({ position_id: op.args.position_id ?? null, device_id: op.args.device_id ?? null, state: "bound" }),
  "tag.rebind": (_row, op) => ({ position_id: op.args.position_id ?? null, device_id: op.args.device_id ?? null, state: "bound" }),
  "tag.retire": () => ({ state: "retired" }),
};

const WITH_VISIT: Record<string, string> = { accept: "accept", decline: "decline", leave_partial: "visit_again" };

function moveVisit(view: View, key: string, row: Row, op: Operation): void {
  const move = find("visit", op.command, row.status);
  if (!move) return;
  const changed: Row = { ...row, status: move.after };
  if (op.command === "accept") changed.accepted_at = op.occurred_at;
  if (op.command === "arrive") changed.arrived_at = op.occurred_at;
  if (["finish", "leave_partial", "abort", "find_no_access", "decline"].includes(op.command)) changed.ended_at = op.occurred_at;
  view.set(key, changed);
  const follows = WITH_VISIT[op.command];
  const orderKey = keyOf("work_order", row.work_order_id);
  const order = view.get(orderKey);
  if (!follows || !order) return;
  const after = follows === "visit_again" ? "ready" : find("order", follows, order.status)?.after;
  if (after) view.set(orderKey, { ...order, status: after });
}

function moveOrder(view: View, key: string, op: Operation): void {
  const row = view.get(key)!;
  const move = find("order", op.command, row.status);
  if (!move) return;
  const changed: Row = { ...row, status: move.after };
  if (op.command === "hold") Object.assign(changed, { hold_reason: op.args.reason, hold_until: op.args.until });
  if (op.command === "resume") Object.assign(changed, { hold_reason: null, hold_until: null });
  if (op.command === "complete")
    Object.assign(changed, { problem_code: op.args.problem, cause_code: op.args.cause, remedy_code: op.args.remedy });
  view.set(key, changed);
}

function take(view: View, op: Operation): void {
  const key = keyOf("stock", `${op.args.store_id}.${op.args.part_id}`);
  const stock = view.get(key);
  if (stock) view.set(key, { ...stock, quantity: stock.quantity - op.args.quantity });
}

function blank(op: Operation): Row {
  return {
    number: "", kind: "repair", source: "technician", status: "reported", cycle: 1, priority: null, title: "",
    description: null, position_id: null, device_id: null, reported_at: op.occurred_at, answers: {}, attachments: [],
    parts: [], needs_permit: false, needs_signature: false, is_rehearsal: false, checklist_id: null,
  };
}

function pick(from: Row, ...names: string[]): Row {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
}

function later(at: string, minutes: number): string {
  return new Date(Date.parse(at) + minutes * 60_000).toISOString();
}
