import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, offset, sample } from "../src/sync/clock.ts";
import { forgiving, isId, newId } from "../src/sync/ids.ts";
import { pull } from "../src/sync/pull.ts";
import { push } from "../src/sync/push.ts";
import { answer, ready, states } from "./scene.ts";
import { phone } from "./server.ts";

test("ids are the 26 characters the server reads, and sort by birth", () => {
  const [first, second] = [newId(1_800_000_000_000), newId(1_800_000_000_001)];
  assert.ok(isId(first) && isId(second) && first < second);
  assert.equal(forgiving("0ilo-abc"), "0110ABC");
});

test("the clock's offset is the median of the last five answers", () => {
  let samples = sample([], 0, 100, 50_050); // far off: a slow first answer
  for (const server of [1_000, 1_010, 990, 1_005, 5_000]) samples = sample(samples, 0, 0, server);
  assert.equal(samples.length, 5);
  assert.equal(offset(samples), 1_005);
});

test("waits double from two seconds to five minutes, with jitter", () => {
  assert.deepEqual([1, 2, 3, 20].map((failures) => backoff(failures, () => 1)), [2_000, 4_000, 8_000, 300_000]);
  assert.equal(backoff(20, () => 0), 0);
});

test("an operation says when its boot last heard the server, by the monotonic clock", async () => {
  const [line, device] = await ready();
  line.now += 5_000;
  await pull(device.env, device.store, device.core.session);
  const heardAt = device.env.mono();
  device.clock.now += 60_000;
  const [op] = await device.core.write([answer("O", "a", 1)]);
  assert.deepEqual(op!.heard, { at: new Date(line.now).toISOString(), mono_ms: heardAt, within_ms: 0 });
  assert.equal(op!.mono_ms - op!.heard!.mono_ms, 60_000);
  device.store.close();
  const again = await phone(line, { bootId: "other" }, device.name);
  assert.equal((await again.core.write([answer("O", "b", 1)]))[0]!.heard, null);
});

test("a batch says what the phone's clocks show as it is sent, and carries its id as key", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  device.clock.now += 1_000;
  let [said, key]: any[] = [];
  line.next = [(_path, init) => { said = JSON.parse(init.body as string); key = (init.headers as any)["Idempotency-Key"]; return null; }];
  await push(device.env, device.store, device.core.session);
  assert.deepEqual([said.boot_id, said.mono_ms, said.sent_at], ["boot", device.env.mono(), new Date(device.clock.now).toISOString()]);
  assert.equal(key, said.batch_id);
});

test("a clock that is set back holds nothing up", async () => {
  let mono = 0;
  const [line, device] = await ready(undefined, { mono: () => mono });
  line.judge = () => (line.operations.size || line.pushes > 1 ? { outcome: "applied" } : { outcome: "held" });
  await device.core.write([answer("O", "a", 1)]);
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["held"]);
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["held"]); // not yet
  line.next = [() => "lost request"];
  await device.core.sync({ isForced: true });
  assert.equal(device.core.status.stopped, "offline");
  device.clock.now -= 9 * 3_600_000;
  await device.core.sync();
  assert.deepEqual(await states(device), ["held"]); // two seconds are not over yet
  mono += 2_000;
  await device.core.sync();
  assert.deepEqual([device.core.status.stopped, line.operations.size], [null, 1]);
});

test("what waits a moment does not wait for days where the phone's clock is set back meanwhile", async () => {
  const [line, device] = await ready();
  let outcome: any = { outcome: "retry", after_s: 10 };
  line.judge = () => outcome;
  await device.core.write([answer("O", "a", 1)]);
  await push(device.env, device.store, device.core.session);
  outcome = { outcome: "applied", rev: 2 };
  device.clock.now -= 86_400_000;
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["server"]);
});
