import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { openDB } from "idb";
import { exported } from "../src/sync/export.ts";
import { push } from "../src/sync/push.ts";
import { upload } from "../src/sync/upload.ts";
import { answer, ready, shown, states } from "./scene.ts";
import { Line, order, phone, visit } from "./server.ts";

test("an operation and what it shows are written together, before anything is sent", async () => {
  const [line, device] = await ready();
  const pushes = line.pushes;
  await device.core.write([answer("O", "seal", "yes")]);
  assert.equal(line.pushes, pushes);
  assert.deepEqual(await states(device), ["saved"]);
  assert.equal((await shown(device, "work_order", "O"))!.answers.seal.value, "yes");
});

test("accepting a visit accepts its order, as the machine says", async () => {
  const [, device] = await ready([order("O", { status: "dispatched" }), visit("V", "O")]);
  await device.core.write([{ entity: "visit", entity_id: "V", command: "accept" }]);
  assert.equal((await shown(device, "visit", "V"))!.status, "accepted");
  assert.equal((await shown(device, "work_order", "O"))!.status, "accepted");
});

test("numbers of operations have no gap, over restarts too", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1), answer("O", "b", 2)]);
  device.store.close();
  const again = await phone(line, {}, device.name);
  await again.core.write([answer("O", "c", 3)]);
  assert.deepEqual((await again.store.ops()).map((one) => one.seq), [1, 2, 3]);
});

test("logging out never empties the outbox", async () => {
  const [, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  await device.core.logOut();
  assert.deepEqual(await states(device), ["saved"]);
  await device.core.sync();
  assert.equal(device.core.status.stopped, "login");
});

test("said again, what was turned down is a new operation with the same meaning", async () => {
  const [line, device] = await ready();
  line.judge = () => ({ outcome: "rejected", code: "x" });
  const [op] = await device.core.write([answer("O", "a", 1)]);
  await push(device.env, device.store, device.core.session);
  await device.core.repeat(op!.op_id);
  const [entry] = await device.store.ops();
  assert.notEqual(entry!.op_id, op!.op_id);
  assert.deepEqual(entry!.op.args, op!.args);
});

test("the export holds every operation and photo that has not got through", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "sent", 1)]);
  await push(device.env, device.store, device.core.session);
  await device.core.attach("O", "after", new Uint8Array([1, 2, 3]), "image/jpeg");
  const file = JSON.parse(await (await exported(device.store, 0)).text());
  assert.deepEqual(file.operations.map((one: any) => one.command), ["attach"]);
  assert.equal(file.files[0].base64, "AQID");
  assert.ok(line.operations.size);
});

test("what the first version of the app left waiting is sent by the present one", async () => {
  const name = "left by version 1";
  const made = await openDB(name, 1, {
    upgrade(db) {
      db.createObjectStore("snapshot", { keyPath: ["entity", "id"] }).createIndex("entity", "entity");
      db.createObjectStore("ops", { keyPath: "op_id" }).createIndex("seq", "seq", { unique: true });
      db.createObjectStore("blobs", { keyPath: "sha256" });
      db.createObjectStore("bytes");
      db.createObjectStore("acks", { keyPath: "op_id" }).createIndex("at", "at");
      db.createObjectStore("meta");
      db.createObjectStore("tags", { keyPath: "id" }).createIndex("alias", "aliases", { multiEntry: true });
      db.createObjectStore("news", { keyPath: "key", autoIncrement: true });
    },
  });
  const op = { // as version 1 wrote it: it had not heard of `heard`
    op_id: "01KASG2V3W4X5Y6Z7A8B9C0D1E", device_id: "D", seq: 7, entity: "work_order", entity_id: "O", command: "answer",
    args: { item: "a", value: 1 }, base_rev: 1, deps: [], occurred_at: "2027-01-15T08:00:00.000Z", mono_ms: 5, boot_id: "old",
    clock_offset_ms: 0, tz: "Asia/Shanghai", geo: null, evidence: [], schema: 1, app: "1.0.0",
  };
  await made.put("ops", { op_id: op.op_id, seq: 7, op, state: "saved", result: null, tries: 0, notBefore: 0, touches: [["work_order", "O"]], savedAt: 1, ackedAt: null });
  await made.put("blobs", { sha256: "h", size: 1, mime: "image/jpeg", role: "after", about: "O", isHere: true, offset: 0, url: null, state: "waiting", reason: null, addedAt: 1, receivedAt: null });
  await made.put("bytes", new Uint8Array([1]), "h");
  await made.put("meta", 7, "seq");
  made.close();
  const line = new Line();
  const device = await phone(line, {}, name);
  const [next] = await device.core.write([answer("O", "b", 2)]);
  assert.equal(next!.seq, 8);
  await push(device.env, device.store, device.core.session);
  await upload(device.env, device.store, device.core.session);
  assert.deepEqual([line.operations.has(op.op_id), await states(device), line.uploads.size], [true, ["server", "server"], 1]);
});

test("a newer app in another tab takes the database over and loses nothing that waits", async () => {
  const [, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  const newer = await openDB(device.name, 99, { upgrade: (db) => void db.createObjectStore("something new") });
  assert.deepEqual((await newer.getAll("ops")).map((one) => one.op.args.item), ["a"]);
  await assert.rejects(device.core.write([answer("O", "b", 1)]));
  newer.close();
});
