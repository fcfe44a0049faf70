import assert from "node:assert/strict";
import { test } from "node:test";
import { amount } from "../src/amount.ts";
import { promised } from "../src/promise.ts";
import { eventOf, story } from "../src/story.ts";
import { asBoundHere, parse } from "../src/tag.ts";
import { hasWorked } from "../src/time.ts";

const at = (minute: number): string => `2026-11-27T08:${String(minute).padStart(2, "0")}:00.000Z`;
const op = (entity: string, command: string, more = {}): any => ({
  op_id: `${entity} ${command}`, state: "saved", result: null,
  op: { op_id: `${entity} ${command}`, entity, entity_id: "O", command, args: {}, occurred_at: at(30), ...more },
});

test("a value has as many digits as its quantity has meaning", () => {
  const said = (value: unknown, unit: string) => amount(value, unit, "en-GB");
  assert.equal(said(398.355255, "V"), "398.4 V");
  assert.equal(said(49.9823, "Hz"), "49.98 Hz");
  assert.equal(said(21, "°C"), "21.0 °C");
  assert.equal(said(1234.5678, "kW"), "1,235 kW");
  assert.equal(said(0.0042, "A"), "0.0042 A");
  assert.equal(said(12.34567, "m3/h"), "12.35 m³/h");
  assert.equal(said(0.98765, "1"), "0.9877");
  assert.equal(said(null, "V"), "–");
});

test("things that are counted are counted in the reader's words", () => {
  assert.deepEqual([amount(3, "pcs", "zh-CN"), amount(3, "pcs", "en-GB")], ["3 个", "3 pcs"]);
});

test("of what a register shows no digit is lost", () => {
  assert.equal(amount(12345678.125, "kWh", "en-GB", { isExact: true }), "12,345,678.125 kWh");
  assert.equal(amount(0.5, "MΩ", "zh-CN", { isExact: true }), "0.5 MΩ");
});

test("events are named as the server names them", () => {
  assert.equal(eventOf({ entity: "visit", command: "arrive" }), "visit.arrive");
  assert.equal(eventOf({ entity: "visit", command: "punch" }), "punch");
  assert.equal(eventOf({ entity: "permit", command: "confirm" }), "confirm_isolation");
  assert.equal(eventOf({ entity: "work_order", command: "confirm" }), "confirm");
});

test("an order's story holds the phone's own steps, marked until the server has them", () => {
  const told = story({
    events: [{ command: "dispatch", occurred_at: at(1), actor: "Li", reason: null }],
    comments: [{ id: "c", text: "seal worn", at: at(20), author: null }],
    ops: [op("visit", "arrive", { entity_id: "V" }), { ...op("work_order", "start"), state: "needs_you" }, { ...op("work_order", "hold"), state: "server" }, op("work_order", "codes", { entity_id: "other" })],
    about: new Set(["O", "V"]),
  });
  assert.deepEqual(told.map((one) => [one.command, one.state]), [
    ["visit.arrive", "waiting"], ["start", "refused"], ["hold", "told"], ["comment", "told"], ["dispatch", "told"],
  ]);
});

test("a remark that waits is marked too, and answers in a row are one line", () => {
  const told = story({
    events: [], comments: [{ id: "work_order comment", text: "wet", at: at(40), author: null }],
    ops: [op("work_order", "comment"), op("work_order", "answer"), op("work_order", "answer"), op("work_order", "answer")], about: new Set(["O"]),
  });
  assert.deepEqual(told.map((one) => [one.command, one.state, one.count]), [["comment", "waiting", 1], ["answer", "waiting", 3]]);
});

test("a label moved on this phone hangs there at once, unless that was refused", () => {
  const tag = { id: "01KASG2V3W4X5Y6Z7A8B9C0D1E", position_id: "pump", device_id: null };
  const moved = op("tag", "rebind", { entity_id: tag.id, args: { device_id: "meter" } });
  const read = parse(tag.id);
  assert.equal(asBoundHere(tag, read, [])!.position_id, "pump");
  assert.deepEqual(asBoundHere(tag, read, [moved]), { id: tag.id, position_id: null, device_id: "meter" });
  assert.equal(asBoundHere(tag, read, [{ ...moved, state: "needs_you" }])!.position_id, "pump");
});

test("nobody may finish before working time is booked, or the clock of this phone has some to book", () => {
  const visit = (kind: string, cycle = 1): any => ({ cycle, punches: [{ kind, seconds: 60 }] });
  assert.equal(hasWorked([], 1, null), false, "begun on another phone, whose clock runs there");
  assert.equal(hasWorked([visit("travel"), visit("break")], 1, null), false);
  assert.equal(hasWorked([visit("work")], 1, null), true);
  assert.equal(hasWorked([visit("work", 1)], 2, null), false, "a reopened order asks anew");
  assert.equal(hasWorked([], 1, { kind: "work", ms: 1_000 }), true);
  assert.equal(hasWorked([], 1, { kind: "work", ms: 900 }), false, "so little is not booked");
  assert.equal(hasWorked([], 1, { kind: "break", ms: 60_000 }), false);
});

test("a promise is told by its own name: to answer, until somebody accepted; to repair, afterwards", () => {
  const order = { respond_by: at(5), restore_by: at(50) };
  for (const status of ["scheduled", "dispatched", "ready"]) assert.deepEqual(promised({ ...order, status }), { kind: "respond", at: at(5) });
  for (const status of ["accepted", "in_progress", "on_hold"]) assert.deepEqual(promised({ ...order, status }), { kind: "restore", at: at(50) });
  assert.deepEqual(promised({ restore_by: at(50), status: "dispatched" }), { kind: "restore", at: at(50) });
  assert.equal(promised({ respond_by: at(5), status: "accepted" }), null);
});

test("what the product did by itself is not said to be mine", () => {
  const event = (more: any): any => ({ command: "escalate", occurred_at: at(1), actor: null, reason: null, ...more });
  const by = (more: any): string => story({ events: [event(more)], comments: [], ops: [], about: new Set(["O"]) })[0]!.by;
  assert.equal(by({ actor_kind: "system" }), "system");
  assert.equal(by({}), "system", "a row from before the kind was told");
  assert.equal(by({ actor_kind: "person" }), "somebody");
  assert.equal(story({ events: [], comments: [], ops: [op("work_order", "hold")], about: new Set(["O"]) })[0]!.by, "me");
});
