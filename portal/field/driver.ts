/** The core behind JSON lines, so that tests in Python drive real phones (README.md tells the protocol). */

import "fake-indexeddb/auto";
import { createInterface } from "node:readline";
import { Core } from "./src/sync/core.ts";
import type { Env } from "./src/sync/env.ts";
import { newId } from "./src/sync/ids.ts";
import { pull } from "./src/sync/pull.ts";
import { push } from "./src/sync/push.ts";
import { Halt } from "./src/sync/session.ts";
import { Store, type Name } from "./src/sync/store.ts";
import { upload } from "./src/sync/upload.ts";
import type { Row } from "./src/sync/types.ts";

class Crashed extends Error {
  override name = "Crashed";
}

/** One phone: its storage lives on while its process dies. */
class Phone {
  name: string;
  given: Row;
  core!: Core;
  left = Infinity;
  now: (() => number) | null = null;
  monoNow: (() => number) | null = null;
  life = 0;

  constructor(name: string, given: Row) {
    this.name = name;
    this.given = given;
  }

  async open(): Promise<void> {
    const life = ++this.life;
    this.left = Infinity;
    const step = (): void => {
      if (life !== this.life) throw new Crashed();
      if (this.left-- <= 0) {
        this.life++;
        throw new Crashed();
      }
    };
    const store = await Store.open(databaseOf(this.name));
    const [write, read] = [store.write.bind(store), store.read.bind(store)];
    store.write = (async (names: Name[], work: never) => {
      step();
      return write(names, work);
    }) as typeof store.write;
    store.read = (async (names: Name[], work: never) => {
      if (life !== this.life) throw new Crashed();
      return read(names, work);
    }) as typeof store.read;
    const env: Env = {
      base: this.given.base === "stdio:" ? "" : this.given.base,
      fetch: async (url, init) => {
        step();
        const answer = this.given.base === "stdio:" ? await ask(this.name, url, init) : await fetch(url, init);
        step();
        return answer;
      },
      now: () => (this.now ? this.now() : Date.now()), mono: () => (this.monoNow ? this.monoNow() : performance.now()),
      bootId: newId(Date.now()), random: Math.random, locks: null, tz: this.given.tz ?? "Asia/Shanghai", app: "driver",
      geo: () => null, estimate: async () => ({}), shed: async () => false,
    };
    this.core = await Core.open(env, store);
  }

  async crash(): Promise<void> {
    this.life++;
    this.core.store.close();
    await this.open();
  }
}

let era = 0;
const databaseOf = (phone: string): string => `field ${era} ${phone}`;
const phones = new Map<string, Phone>();

// requests that Python answers
let asked = 0;
const waiting = new Map<number, { resolve: (answer: Response) => void; reject: (error: Error) => void }>();

function ask(phone: string, url: string, init: RequestInit): Promise<Response> {
  const number = ++asked;
  const body = init.body instanceof Uint8Array ? { base64: Buffer.from(init.body).toString("base64") } : (init.body ?? null);
  say({ ask: number, phone, method: init.method, path: url, headers: init.headers, body });
  return new Promise((resolve, reject) => waiting.set(number, { resolve, reject }));
}

function answered(line: Row): void {
  const asker = waiting.get(line.answer);
  waiting.delete(line.answer);
  if (!asker) return;
  if (line.fail) return asker.reject(new TypeError(line.fail));
  const body = line.body?.base64 !== undefined ? Buffer.from(line.body.base64, "base64") : typeof line.body === "string" ? line.body : JSON.stringify(line.body ?? null);
  const isBare = [204, 304].includes(line.status);
  asker.resolve(new Response(isBare ? null : body, { status: line.status, headers: line.headers ?? {} }));
}

/** Run a request to the server; what stops it is an answer, not an error. */
async function stopping(work: () => Promise<Row>): Promise<Row> {
  try {
    return { stopped: null, ...(await work()) };
  } catch (error) {
    if (error instanceof Halt) return { stopped: error.why, status: error.status };
    throw error;
  }
}

const DEEDS: Record<string, (phone: Phone, line: Row) => Promise<Row>> = {
  async tap({ core }, line) {
    const { entity, entity_id, command, args, deps, evidence } = line as any;
    const [op] = await core.write([{ entity, entity_id, command, args, deps, evidence }]);
    return { op_id: op!.op_id, entity_id: op!.entity_id, seq: op!.seq };
  },
  async photo({ core }, line) {
    const bytes = new Uint8Array(Buffer.from(line.base64, "base64"));
    return { sha256: await core.attach(line.work_order, line.role, bytes, line.mime) };
  },
  push: ({ core }) =>
    stopping(async () => {
      const sent = await push(core.env, core.store, core.session);
      return { sent, left: (await core.store.ops()).filter((one) => ["saved", "queued", "sending", "held"].includes(one.state)).length };
    }),
  pull: ({ core }) => stopping(async () => ({ rows: await pull(core.env, core.store, core.session), cursor: ((await core.store.meta<Row>("place")) ?? {}).cursor })),
  upload: ({ core }) => stopping(async () => ({ sent: await upload(core.env, core.store, core.session) })),
  sync: ({ core }, line) => stopping(async () => (await core.drain(line.tags !== false), {})),
  async crash(phone, line) {
    if (line.after === undefined) await phone.crash();
    else phone.left = line.after;
    return {};
  },
  async clock(phone, line) {
    const [began, now, mono] = [performance.now(), line.now_ms, line.mono_ms];
    phone.now = now === undefined ? null : () => now + (performance.now() - began);
    phone.monoNow = mono === undefined ? null : () => mono + (performance.now() - began);
    return {};
  },
  async rows({ core }, line) {
    const held = await core.store.rows(line.entity);
    return {
      rows: held.map((one) => ({
        entity: one.entity, id: one.id, rev: one.rev, row: line.base ? one.base : one.shown, readonly: one.left === true,
      })).filter((one) => one.row !== null),
    };
  },
  async outbox({ core }) {
    return {
      outbox: (await core.store.ops()).map((one) => ({
        op_id: one.op_id, seq: one.seq, entity: one.op.entity, entity_id: one.op.entity_id, command: one.op.command,
        state: one.state, outcome: one.result?.outcome ?? null, result: one.result, tries: one.tries,
      })),
    };
  },
  async blobs({ core }) {
    return { blobs: (await core.store.blobs()).map(({ sha256, size, offset, state, reason }) => ({ sha256, size, offset, state, reason })) };
  },
  keep: (phone, line) => keep(phone, line.phone),
  async logout({ core }) {
    await core.logOut();
    return {};
  },
};

/** What phones held when they were kept, by name: others begin with the same. */
const kept = new Map<string, [Name, unknown, unknown][]>();
const STORES: Name[] = ["snapshot", "ops", "blobs", "bytes", "acks", "meta", "tags", "news"];

async function keep({ core }: Phone, name: string): Promise<Row> {
  const all: [Name, unknown, unknown][] = [];
  await core.store.read(STORES, async (tx) => {
    for (const store of STORES) {
      const [keys, values] = [await tx.objectStore(store).getAllKeys(), await tx.objectStore(store).getAll()];
      for (const [place, key] of keys.entries()) all.push([store, key, values[place]]);
    }
  });
  kept.set(name, all);
  return { held: all.length };
}

async function fill(store: Store, held: [Name, unknown, unknown][]): Promise<void> {
  await store.write(STORES, async (tx) => {
    for (const [name, key, value] of held) {
      const into = tx.objectStore(name);
      void (into.keyPath === null ? into.put(value as never, key as never) : into.put(value as never));
    }
  });
}

async function obey(line: Row): Promise<Row> {
  if (line.do === "reset") {
    for (const phone of phones.values()) {
      phone.life++;
      phone.core.store.close();
      await Store.remove(databaseOf(phone.name));
    }
    phones.clear();
    era += 1;
    return {};
  }
  if (line.do === "open") {
    const phone = new Phone(line.phone, line);
    phones.set(line.phone, phone);
    await phone.open();
    const { core } = phone;
    if (line.like) await fill(core.store, kept.get(line.like)!);
    await core.store.setMeta({ device_id: line.device_id ?? newId(Date.now()) });
    if (line.token)
      await core.store.setMeta({ tokens: { access_token: line.token, refresh_token: line.refresh_token ?? "", expiresAt: Number.MAX_SAFE_INTEGER } });
    else await core.logIn(line.email, line.password, line.phone);
    return { device_id: await core.store.meta("device_id") };
  }
  const phone = phones.get(line.phone);
  const deed = DEEDS[line.do];
  if (!phone || !deed) throw new Error(`no such phone or command: ${line.phone}, ${line.do}`);
  try {
    return await deed(phone, line);
  } catch (error) {
    if (!(error instanceof Crashed)) throw error;
    await phone.crash();
    throw new Error("crashed");
  }
}

function say(line: Row): void {
  process.stdout.write(JSON.stringify(line) + "\n");
}

// a phone does one thing after the other; phones do theirs side by side
const last = new Map<string, Promise<unknown>>();

createInterface({ input: process.stdin }).on("line", (text) => {
  const line: Row = JSON.parse(text);
  if (line.answer !== undefined) return answered(line);
  const turn = (last.get(line.phone) ?? Promise.resolve()).then(() => obey(line));
  last.set(line.phone, turn.catch(() => undefined));
  turn.then(
    (answer) => say({ id: line.id ?? null, ok: true, ...answer }),
    (error: Error) => say({ id: line.id ?? null, ok: false, error: error.message, ...(error.message === "crashed" ? {} : { stack: error.stack }) }),
  );
});
