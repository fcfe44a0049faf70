import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { pull } from "../src/sync/pull.ts";
import { push } from "../src/sync/push.ts";
import { answer, ready, shown, states } from "./scene.ts";
import { order, visit } from "./server.ts";

test("what was sent shows until the feed brings it, and then the feed's own row", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  await push(device.env, device.store, device.core.session);
  assert.equal((await shown(device, "work_order", "O"))!.answers.a.value, 1);
  line.feed.push(order("O", { answers: { a: { value: 1 }, b: { value: 2 } } }, 2));
  await pull(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), []);
  assert.deepEqual(Object.keys((await shown(device, "work_order", "O"))!.answers), ["a", "b"]);
});

test("a whole snapshot replaces old rows and keeps the outbox", async () => {
  const [line, device] = await ready([order("O"), order("OLD"), visit("V", "O")]);
  await device.core.write([answer("OLD", "a", 1), answer("O", "b", 1)]);
  line.epoch = "2";
  line.feed = [order("O"), visit("V", "O")];
  await device.store.setMeta({ place: { cursor: "0", epoch: "1", mark: null } });
  await pull(device.env, device.store, device.core.session);
  assert.equal((await states(device)).length, 2);
  const old = (await device.store.rows("work_order")).find((one) => one.id === "OLD")!;
  assert.equal(old.left, true); // read-only while an operation refers to it
  assert.equal((await shown(device, "work_order", "O"))!.answers.b.value, 1);
  await push(device.env, device.store, device.core.session);
  await pull(device.env, device.store, device.core.session);
  assert.equal(await shown(device, "work_order", "OLD"), undefined);
});

test("what leaves one's work goes, unless an operation refers to it", async () => {
  const [line, device] = await ready([order("A"), order("B")]);
  await device.core.write([answer("A", "a", 1)]);
  line.feed.push({ entity: "work_order", id: "A", in: "leaves" }, { entity: "work_order", id: "B", in: "leaves" });
  await pull(device.env, device.store, device.core.session);
  assert.deepEqual((await device.store.rows("work_order")).map((one) => [one.id, one.left]), [["A", true]]);
});

test("what the office changed is told, what oneself did is not", async () => {
  const [line, device] = await ready();
  line.feed.push(visit("V", "O", { planned_start: "2027-01-15T10:00:00.000Z" }, 2), visit("W", "O", {}, 1), order("O", { priority: 1 }, 2));
  await pull(device.env, device.store, device.core.session);
  const told = await device.store.read(["news"], (tx) => tx.objectStore("news").getAll());
  assert.deepEqual(told.map((one) => one.kind), ["moved", "new_visit", "priority"]);
});

test("a visit given to somebody else is told by its time; one declined or done is not", async () => {
  const rows = ["W", "D", "E"].flatMap((id) => [order(id), visit(`V${id}`, id, { status: id === "E" ? "done" : "offered" })]);
  const [line, device] = await ready(rows);
  line.judge = () => ({ outcome: "applied", rev: 2 });
  await device.core.write([{ entity: "visit", entity_id: "VD", command: "decline", args: { reason: "ill" } }]);
  line.feed.push(...["VW", "VD", "VE"].map((id) => ({ in: "leaves", entity: "visit", id })));
  await device.core.sync({ isForced: true });
  const told = await device.store.read(["news"], (tx) => tx.objectStore("news").getAll());
  assert.deepEqual(told.map((one) => [one.kind, one.id, one.before]), [["withdrawn", "VW", "2027-01-15T08:00:00.000Z"]]);
});
