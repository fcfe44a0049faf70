/** What the core's own tests speak to: the contract in memory, and a line that may fail. The real server is driven
    by the tests in Python; here every failure of the line is put exactly where it hurts. */

import { Core } from "../src/sync/core.ts";
import type { Env } from "../src/sync/env.ts";
import { Store } from "../src/sync/store.ts";
import type { Row } from "../src/sync/types.ts";

export type Reply = { status: number; body?: any; headers?: Row };

export class Line {
  operations = new Map<string, Row>();
  feed: Row[] = [];
  wanted: Row[] = [];
  uploads = new Map<string, { size: number; bytes: number[] }>();
  epoch = "1";
  schema = 1;
  pushes = 0;
  asked: string[] = [];
  now = 1_800_000_000_000;
  /** what the next answers are instead: a reply, or an error that is thrown before or after the server acted */
  next: ((path: string, init: RequestInit) => Reply | "lost request" | "lost answer" | null)[] = [];
  judge: (op: Row) => Row = () => ({ outcome: "applied", rev: 2 });

  fetch = async (path: string, init: RequestInit): Promise<Response> => {
    this.asked.push(`${init.method} ${path.split("?")[0]}`);
    const turn = this.next.shift()?.(path, init) ?? null;
    if (turn === "lost request") throw new TypeError("no route");
    const reply = turn && typeof turn === "object" ? turn : this.#answer(path, init);
    if (turn === "lost answer") throw new TypeError("connection reset");
    const headers = { "Content-Type": "application/json", "Enerfield-Signature": "1", ...reply.headers };
    const isBare = reply.status === 204 || init.method === "HEAD";
    return new Response(isBare ? null : JSON.stringify(reply.body ?? {}), { status: reply.status, headers });
  };

  #answer(path: string, init: RequestInit): Reply {
    const server_time = new Date(this.now).toISOString();
    const [where] = path.split("?");
    if (where === "/api/v1/auth/refresh") return { status: 200, body: { access_token: "next", refresh_token: "r2", expires_in: 900 } };
    if (where === "/api/v1/field/push") {
      this.pushes += 1;
      const results = JSON.parse(init.body as string).operations.map((op: Row) => {
        const before = this.operations.get(op.op_id);
        if (before) return { op_id: op.op_id, outcome: "duplicate", result: before };
        const result = { op_id: op.op_id, ...this.judge(op) };
        if (!["retry", "held"].includes(result.outcome)) this.operations.set(op.op_id, result);
        return result;
      });
      return { status: 200, body: { server_time, results } };
    }
    if (where === "/api/v1/field/pull") {
      const from = Number(new URLSearchParams(path.split("?")[1]).get("cursor") ?? 0);
      const page = this.feed.slice(from, from + 10);
      const body: Row = { server_time, cursor: String(from + page.length), scope_epoch: this.epoch, schema: this.schema, more: from + page.length < this.feed.length, rows: [], tombstones: [], leaves: [], wanted: this.wanted };
      for (const one of page) body[one.in ?? "rows"].push(one);
      return { status: 200, body };
    }
    if (where === "/api/v1/tags/index") return { status: 200, body: { cursor: "0", items: [["01KASG2V3W4X5Y6Z7A8B9C0D1E", "p", "P", "E280"]], is_current: true } };
    if (where === "/api/v1/field/uploads") {
      const { sha256, size } = JSON.parse(init.body as string);
      const known = this.uploads.get(sha256);
      if (known && known.bytes.length === size) return { status: 200, body: { server_time, state: "here" } };
      this.uploads.set(sha256, known ?? { size, bytes: [] });
      return { status: 201, body: { server_time }, headers: { Location: `/api/v1/field/uploads/${sha256}` } };
    }
    const held = this.uploads.get(where!.split("/").at(-1)!);
    if (!held) return { status: 404 };
    if (init.method === "HEAD") return { status: 200, headers: { "Upload-Offset": String(held.bytes.length) } };
    const offset = Number((init.headers as Row)["Upload-Offset"]);
    if (offset !== held.bytes.length) return { status: 409 };
    for (const byte of init.body as Uint8Array) held.bytes.push(byte);
    return { status: 204, headers: { "Upload-Offset": String(held.bytes.length) } };
  }
}

let made = 0;

export interface Device {
  core: Core;
  env: Env;
  name: string;
  store: Store;
  clock: { now: number };
}

/** A phone that is logged in; `again` opens the same storage, as a new process would. */
export async function phone(line: Line, more: Partial<Env> = {}, name = `phone ${++made}`): Promise<Device> {
  const clock = { now: 1_800_000_000_000 };
  const env: Env = {
    base: "", fetch: line.fetch, now: () => clock.now, mono: () => clock.now - 1_700_000_000_000, bootId: "boot", random: () => 0.5,
    locks: null, tz: "Asia/Shanghai", app: "test", geo: () => null, estimate: async () => ({}), shed: async () => false, ...more,
  };
  const store = await Store.open(name);
  if (!(await store.meta("device_id")))
    await store.setMeta({ device_id: "D", tokens: { access_token: "t", refresh_token: "r", expiresAt: Number.MAX_SAFE_INTEGER } });
  return { core: await Core.open(env, store), env, name, store, clock };
}

export const order = (id: string, row: Row = {}, rev = 1): Row => ({
  entity: "work_order", id, rev, row: { number: id, status: "in_progress", answers: {}, attachments: [], parts: [], priority: 3, ...row },
});
export const visit = (id: string, work_order_id: string, row: Row = {}, rev = 1): Row => ({
  entity: "visit", id, rev, row: { work_order_id, status: "offered", planned_start: "2027-01-15T08:00:00.000Z", punches: [], ...row },
});
