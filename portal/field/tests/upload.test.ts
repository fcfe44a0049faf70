import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { pull } from "../src/sync/pull.ts";
import { push } from "../src/sync/push.ts";
import { StorageFull } from "../src/sync/store.ts";
import { CHUNK, tidy, upload } from "../src/sync/upload.ts";
import { answer, queue, ready, states } from "./scene.ts";
import { phone } from "./server.ts";

test("a photo the server misses is sent again; one the phone has lost is told", async () => {
  const [line, device] = await ready();
  const hash = await device.core.attach("O", "after", new Uint8Array([1, 2, 3]), "image/jpeg");
  await upload(device.env, device.store, device.core.session);
  line.uploads.clear();
  line.wanted = [{ sha256: hash, size: 3, mime: "image/jpeg", role: "after", work_order_id: "O" },
    { sha256: "gone", size: 3, mime: "image/jpeg", role: "before", work_order_id: "O" }];
  await pull(device.env, device.store, device.core.session);
  const told = async () => (await device.store.blobs()).map(({ sha256, state, reason }) => [sha256, state, reason]).sort();
  assert.deepEqual(await told(), [[hash, "waiting", null], ["gone", "refused", "lost"]].sort());
  await upload(device.env, device.store, device.core.session);
  assert.deepEqual([...line.uploads.keys()], [hash]);
  line.wanted = [];
  await pull(device.env, device.store, device.core.session);
  assert.deepEqual(await told(), [[hash, "server", null]]);
});

test("a photo taken again after it was lost is kept and sent", async () => {
  const [line, device] = await ready();
  const bytes = new Uint8Array([1, 2, 3]);
  const hash = await device.core.attach("O", "after", bytes, "image/jpeg");
  await device.store.write(["blobs", "bytes"], async (tx) => { await tx.objectStore("blobs").clear(); await tx.objectStore("bytes").clear(); });
  line.wanted = [{ sha256: hash, size: 3, mime: "image/jpeg", role: "after", work_order_id: "O" }];
  await pull(device.env, device.store, device.core.session);
  await device.core.attach("O", "after", bytes, "image/jpeg");
  await upload(device.env, device.store, device.core.session);
  assert.equal((await device.store.blobs())[0]!.state, "server");
});

test("a photo waits while the server is in trouble or busy, and is refused only for what it is", async () => {
  const [line, device] = await ready();
  await device.core.attach("O", "after", new Uint8Array([1]), "image/jpeg");
  const announced = [500, 409, 403, 408].map((status) => [() => ({ status })]);
  const underWay = [500, 403, 408].map((status) => [() => null, () => ({ status })]);
  for (const turns of [...announced, ...underWay]) {
    line.next = turns;
    await assert.rejects(upload(device.env, device.store, device.core.session), { why: "server" });
    assert.equal((await device.store.blobs())[0]!.state, "waiting");
  }
});

test("a photo the server will never take is refused, with its reason", async () => {
  for (const status of [400, 413, 415, 422]) {
    const [line, device] = await ready();
    await device.core.attach("O", "after", new Uint8Array([1]), "image/jpeg");
    line.next = [() => ({ status, body: { message: "not a photo" } })];
    await upload(device.env, device.store, device.core.session);
    const [one] = await device.store.blobs();
    assert.deepEqual([one!.state, one!.reason], ["refused", "not a photo"]);
  }
});

test("a photo goes smallest first, in checked pieces, and on from where it broke off", async () => {
  const [line, device] = await ready();
  const big = new Uint8Array(CHUNK * 2 + 10).fill(7);
  await device.core.attach("O", "after", big, "image/jpeg");
  await device.core.attach("O", "before", new Uint8Array([1, 2, 3]), "image/jpeg");
  line.asked = [];
  line.next = [() => null, () => null, () => null, () => null, () => "lost answer"]; // the second piece of the large one
  await assert.rejects(upload(device.env, device.store, device.core.session));
  const [small] = line.asked.filter((one) => one.startsWith("PATCH"));
  assert.ok((await device.store.blobs()).find((one) => one.size === 3)!.state === "server", small);
  device.store.close();
  const again = await phone(line, {}, device.name);
  line.asked = [];
  await upload(again.env, again.store, again.core.session);
  assert.deepEqual(line.asked.map((one) => one.split(" ")[0]), ["HEAD", "PATCH"]); // two pieces were there already
  assert.ok((await again.store.blobs()).every((one) => one.state === "server"));
  assert.deepEqual(new Uint8Array([...line.uploads.values()].find((one) => one.size === big.length)!.bytes), big);
});

const four = async (device: Awaited<ReturnType<typeof ready>>[1]) => {
  for (const byte of [1, 2, 3, 4]) await device.core.attach("O", "after", new Uint8Array(byte).fill(byte), "image/jpeg");
};

test("where a phone has locks two photos go at a time, and all arrive", async () => {
  const [line, device] = await ready(undefined, { locks: queue() });
  await four(device);
  line.asked = [];
  let underWay = 0;
  let most = 0;
  const fetch = device.env.fetch;
  device.env.fetch = async (path, init) => {
    most = Math.max(most, (underWay += 1));
    await new Promise((done) => setTimeout(done, 5));
    return fetch(path, init).finally(() => (underWay -= 1));
  };
  assert.equal(await upload(device.env, device.store, device.core.session), 4);
  assert.equal(most, 2);
  assert.equal(line.asked.filter((one) => one.startsWith("PATCH")).length, 4);
  assert.ok((await device.store.blobs()).every((one) => one.state === "server"));
});

test("what stops one photo stops the other after it, and a token that ran out is renewed once for both", async () => {
  const [line, device] = await ready(undefined, { locks: queue() });
  await four(device);
  line.asked = [];
  line.next = [() => ({ status: 401 }), () => ({ status: 401 })];
  line.next.push(...Array.from({ length: 3 }, () => () => null), () => ({ status: 503 }));
  await assert.rejects(upload(device.env, device.store, device.core.session), { why: "server" });
  assert.equal(line.asked.filter((one) => one.includes("refresh")).length, 1);
  const states = (await device.store.blobs()).map((one) => one.state);
  assert.ok(states.filter((one) => one === "waiting").length >= 2, states.join());
  await upload(device.env, device.store, device.core.session);
  assert.ok((await device.store.blobs()).every((one) => one.state === "server"));
});

test("bytes are forgotten a week after the server has them, not before", async () => {
  const [, device] = await ready();
  await device.core.attach("O", "after", new Uint8Array([1, 2, 3]), "image/jpeg");
  await upload(device.env, device.store, device.core.session);
  await tidy(device.env, device.store);
  assert.ok((await device.store.blobs())[0]!.isHere);
  device.clock.now += 7 * 86_400_000 + 1;
  await tidy(device.env, device.store);
  assert.equal((await device.store.blobs())[0]!.isHere, false);
  assert.equal(await device.store.bytes((await device.store.blobs())[0]!.sha256), undefined);
});

test("a photo is refused below 50 MB, an operation is not", async () => {
  const [, device] = await ready(undefined, { estimate: async () => ({ quota: 100_000_000, usage: 60_000_000 }) });
  await assert.rejects(device.core.attach("O", "after", new Uint8Array([1]), "image/jpeg"), { name: "NoRoom" });
  await device.core.write([answer("O", "a", 1)]);
  assert.deepEqual(await states(device), ["saved"]);
});

test("on a full disk map tiles are given up first, then the operation is written", async () => {
  let shed = 0;
  const [, device] = await ready(undefined, { shed: async () => (shed += 1) > 0 });
  const write = device.store.write.bind(device.store);
  let isFull = true;
  device.store.write = (async (names: never, work: never) => {
    if (isFull) {
      isFull = false;
      throw new StorageFull("full");
    }
    return write(names, work);
  }) as typeof device.store.write;
  await device.core.write([answer("O", "a", 1)]);
  assert.equal(shed, 1);
  assert.deepEqual(await states(device), ["saved"]);
});

test("photos of a fault that is known already go to the order that is open", async () => {
  const [line, device] = await ready();
  line.judge = (op) =>
    op.command === "report" ? { outcome: "merged", rev: 3, overwritten: { attached_to: "O", number: "W-1" } }
    : op.entity_id === "O" ? { outcome: "applied", rev: 4 } : { outcome: "rejected", code: "not_found" };
  await device.core.write([{ entity: "work_order", entity_id: "NEW", command: "report", args: { position_id: "P" } }]);
  await device.core.attach("NEW", "evidence", new Uint8Array([1]), "image/jpeg");
  await push(device.env, device.store, device.core.session);
  assert.deepEqual((await device.store.ops()).map((one) => [one.op.command, one.op.entity_id, one.state, one.seq]), [
    ["report", "NEW", "server", 1], ["attach", "O", "server", 3],
  ]);
});
