import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { pull } from "../src/sync/pull.ts";
import { push } from "../src/sync/push.ts";
import { answer, queue, ready, shown, states } from "./scene.ts";
import { Line, order, phone, visit } from "./server.ts";

test("a request lost, or its answer, is sent again and counts once", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  line.next = [() => "lost request"];
  await device.core.sync({ isForced: true });
  assert.equal(device.core.status.stopped, "offline");
  line.next = [() => "lost answer"];
  await device.core.sync({ isForced: true });
  assert.deepEqual(await states(device), ["queued"]);
  assert.equal(line.operations.size, 1);
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["server"]);
  assert.equal(line.operations.size, 1);
});

test("the line coming back while a try is failing starts another at once", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  let isBack = Promise.resolve();
  line.next = [() => {
    isBack = device.core.sync({ isForced: true }); // what the browser's "online" does
    return "lost request";
  }];
  await device.core.sync({ isForced: true });
  await isBack;
  assert.equal(line.operations.size, 1);
  assert.equal(device.core.status.stopped, null);
});

test("who finds another page sending looks again when that one is done", async () => {
  const line = new Line();
  line.feed.push(order("O"), visit("V", "O"));
  const locks = queue();
  const first = await phone(line, { locks });
  await pull(first.env, first.store, first.core.session);
  const second = await phone(line, { locks }, first.name);
  await first.core.write([answer("O", "a", 1)]);
  let both: Promise<unknown> = Promise.resolve();
  line.next = [() => {
    both = second.core.sync({ isForced: true });
    return { status: 503 };
  }];
  await first.core.sync({ isForced: true });
  await both;
  assert.equal(line.operations.size, 1);
  assert.equal(second.core.status.stopped, null);
});

test("a process killed while sending sends again after it starts", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  line.next = [() => { throw Object.assign(new Error("killed"), { name: "Crashed" }); }];
  await assert.rejects(push(device.env, device.store, device.core.session));
  assert.deepEqual(await states(device), ["sending"]);
  device.store.close();
  const again = await phone(line, {}, device.name);
  await push(again.env, again.store, again.core.session);
  assert.deepEqual(await states(again), ["server"]);
});

test("at most fifty operations go in one request", async () => {
  const [line, device] = await ready();
  await device.core.write(Array.from({ length: 120 }, (_, n) => answer("O", `i${n}`, n)));
  await push(device.env, device.store, device.core.session);
  assert.equal(line.pushes, 3);
});

test("at most 256 kB go in one request", async () => {
  const [line, device] = await ready();
  const sizes: number[] = [];
  const spied = line.fetch;
  device.env.fetch = async (path, init) => { if (path.endsWith("push")) sizes.push((init.body as string).length); return spied(path, init); };
  await device.core.write(Array.from({ length: 8 }, (_, n) => answer("O", `i${n}`, "x".repeat(60_000))));
  await push(device.env, device.store, device.core.session);
  assert.equal(sizes.length, 2);
  assert.ok(sizes.every((size) => size <= 256_000), String(sizes));
});

test("one bad operation never keeps the others", async () => {
  const [line, device] = await ready();
  line.judge = (op) => (op.args.item === "bad" ? { outcome: "rejected", code: "x", message: "no" } : { outcome: "applied", rev: 2 });
  await device.core.write([answer("O", "good", 1), answer("O", "bad", 2), answer("O", "fine", 3)]);
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["server", "needs_you", "server"]);
  assert.deepEqual(Object.keys((await shown(device, "work_order", "O"))!.answers), ["good", "fine"]);
});

test("an operation the server cannot even read is found and set aside after five tries", async () => {
  const [line, device] = await ready();
  const spied = line.fetch;
  device.env.fetch = async (path, init) =>
    path.endsWith("push") && (init.body as string).includes('"poison"')
      ? new Response("{}", { status: 500, headers: { "Enerfield-Signature": "1" } })
      : spied(path, init);
  await device.core.write([answer("O", "a", 1), answer("O", "poison", 2), answer("O", "c", 3)]);
  for (let round = 0; round < 6; round++) {
    await push(device.env, device.store, device.core.session);
    device.clock.now += 120_000;
    if (round === 0) assert.deepEqual(await states(device), ["server", "queued", "server"]);
  }
  assert.deepEqual(await states(device), ["server", "needs_you", "server"]);
});

test("where the server fails whatever it is sent, no operation is to blame, and all stay", async () => {
  const [line, device] = await ready();
  const spied = line.fetch;
  let isDown = true;
  device.env.fetch = async (path, init) =>
    isDown && path.endsWith("push") ? new Response("{}", { status: 500, headers: { "Enerfield-Signature": "1" } }) : spied(path, init);
  await device.core.write([answer("O", "a", 1), answer("O", "b", 2)]);
  for (let round = 0; round < 20; round++) {
    await device.core.sync({ isForced: true });
    assert.equal(device.core.status.stopped, "server");
    device.clock.now += 600_000;
  }
  assert.deepEqual(await states(device), ["queued", "queued"]);
  isDown = false;
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["server", "server"]);
});

test("a right that was taken away (403) sets nothing aside", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  for (let round = 0; round < 8; round++) {
    line.next = Array.from({ length: 4 }, () => () => ({ status: 403, body: { code: "forbidden" } }));
    await device.core.sync({ isForced: true });
    device.clock.now += 600_000;
  }
  assert.deepEqual(await states(device), ["queued"]);
});

test("the server is not asked again before it said", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  line.next = [() => ({ status: 429, headers: { "Retry-After": "90" } })];
  await device.core.sync({ isForced: true });
  assert.equal(device.core.wait, 90_000);
  device.clock.now += 89_000;
  await device.core.sync();
  assert.deepEqual(await states(device), ["queued"]);
  device.clock.now += 2_000;
  await device.core.sync();
  assert.equal(line.operations.size, 1);
});

test("a log-in page that answers 200 is not taken for the server", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  line.next = [() => ({ status: 200, body: "<html>Welcome to our Wi-Fi", headers: { "Enerfield-Signature": "", "Content-Type": "text/html" } })];
  await device.core.sync({ isForced: true });
  assert.equal(device.core.status.stopped, "captive");
  assert.deepEqual(await states(device), ["queued"]);
});

test("a refused token is exchanged once; a refused log-in pauses and keeps all", async () => {
  const [line, device] = await ready();
  await device.core.write([answer("O", "a", 1)]);
  line.next = [() => ({ status: 401 }), () => null];
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["server"]);
  await device.core.write([answer("O", "b", 1)]);
  line.next = [() => ({ status: 401 }), () => ({ status: 401, body: {} })];
  await device.core.sync({ isForced: true });
  assert.equal(device.core.status.stopped, "login");
  assert.equal(device.core.status.nextTryAt, null);
  assert.equal((await states(device)).at(-1), "queued");
});

test("an operation waits where the server says later, and is asked again where it is held", async () => {
  const [line, device] = await ready();
  let outcome: any = { outcome: "retry", after_s: 10 };
  line.judge = () => outcome;
  await device.core.write([answer("O", "a", 1)]);
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["queued"]);
  outcome = { outcome: "held", missing: ["X"], until: "2027-01-18T00:00:00Z" };
  device.clock.now += 10_001;
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["held"]);
  outcome = { outcome: "applied", rev: 2 };
  device.clock.now += 60_001;
  await push(device.env, device.store, device.core.session);
  assert.deepEqual(await states(device), ["server"]);
});

test("of two tabs one sends", async () => {
  const [line, device] = await ready(undefined, { locks: navigator.locks });
  const other = await phone(line, { locks: navigator.locks }, device.name);
  await device.core.write([answer("O", "a", 1)]);
  await Promise.all([device.core.sync({ isForced: true }), other.core.sync({ isForced: true })]);
  assert.equal(line.pushes, 1);
});

test("whatever the line does, everything arrives once and the rows agree", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = generator(seed);
    const [line, device] = await ready([order("O"), order("P")]);
    const seen: string[] = [];
    line.judge = (op) => (seen.push(op.op_id), line.feed.push(order(op.entity_id, { answers: { ...line.feed.findLast((one) => one.id === op.entity_id)!.row.answers, [op.args.item]: { value: op.args.value } } }, line.feed.length)), { outcome: "applied", rev: line.feed.length });
    let current = device;
    const wanted: Record<string, Record<string, number>> = { O: {}, P: {} };
    for (let step = 0; step < 25; step++) {
      const which = random();
      if (which < 0.45) {
        const [id, item, value] = [random() < 0.5 ? "O" : "P", `i${Math.floor(random() * 4)}`, step];
        wanted[id]![item] = value;
        await current.core.write([answer(id, item, value)]);
      } else if (which < 0.6) {
        line.next = [() => (random() < 0.5 ? "lost request" : "lost answer")];
        await current.core.sync({ isForced: true, withTags: false });
      } else if (which < 0.8) {
        line.next = [];
        await current.core.sync({ isForced: true, withTags: false });
      } else {
        current.store.close();
        current = await phone(line, {}, device.name);
      }
    }
    line.next = [];
    await current.core.sync({ isForced: true, withTags: false });
    assert.deepEqual(await states(current), [], `seed ${seed}`);
    assert.equal(new Set(seen).size, seen.length, `seed ${seed}: an effect came twice`);
    for (const id of ["O", "P"]) {
      const answers = (await shown(current, "work_order", id))!.answers;
      assert.deepEqual(Object.fromEntries(Object.entries(answers).map(([item, one]: any) => [item, one.value]).sort()), Object.fromEntries(Object.entries(wanted[id]!).sort()), `seed ${seed}`);
    }
  }
});

function generator(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (state ^ (state << 13)) >>> 0;
    state = (state ^ (state >>> 17)) >>> 0;
    state = (state ^ (state << 5)) >>> 0;
    return state / 4_294_967_296;
  };
}

test("a line that breaks in the middle of an answer is a line that broke", async () => {
  const [line, device] = await ready();
  const spied = line.fetch;
  const [op] = await device.core.write([answer("O", "a", 1)]);
  device.env.fetch = async (path, init) => {
    const whole = await spied(path, init);
    if (!path.endsWith("push")) return whole;
    const half = new ReadableStream({ start: (to) => { to.enqueue(new TextEncoder().encode('{"results": [')); to.error(new TypeError("network error")); } });
    return new Response(half, { status: 200, headers: whole.headers });
  };
  await device.core.sync({ isForced: true });
  assert.equal(device.core.status.stopped, "offline");
  assert.deepEqual([await states(device), [...line.operations.keys()]], [["queued"], [op!.op_id]]);
  device.env.fetch = spied;
  await device.core.sync({ isForced: true });
  assert.deepEqual([await states(device), line.operations.size], [[], 1]);
});
