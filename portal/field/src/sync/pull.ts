/** Following the feed of changes by its cursor, page by page, each page one transaction. */

import type { Env } from "./env.ts";
import { newId } from "./ids.ts";
import { noteLeft, noteNews } from "./news.ts";
import { rebuild } from "./overlay.ts";
import { Halt, type Session } from "./session.ts";
import type { Store, Transaction } from "./store.ts";
import { SCHEMA, type Key, type Row } from "./types.ts";

interface Place {
  cursor: string | null;
  epoch: string | null;
  /** set while a whole snapshot comes: rows without this mark are old at its end */
  mark: string | null;
}

/** Why a photo cannot be sent: its bytes are not on this phone any more. */
export const LOST = "lost";
const ACKS_KEPT_MS = 90 * 86_400_000;

/** Pull to the end of the feed; return how many rows came. */
export async function pull(env: Env, store: Store, session: Session): Promise<number> {
  const device_id = (await store.meta<string>("device_id")) ?? "";
  const begunAt = env.now();
  const acked = new Set((await store.ops()).filter((entry) => entry.state === "server").map((entry) => entry.op_id));
  let rows = 0;
  for (;;) {
    const place = (await store.meta<Place>("place")) ?? { cursor: null, epoch: null, mark: newId(env.now()) };
    const query = new URLSearchParams({ ...(place.cursor ? { cursor: place.cursor } : {}), device_id });
    const answer = await session.ask("GET", `/api/v1/field/pull?${query}`);
    if (answer.status === 410) {
      await store.setMeta({ place: { cursor: null, epoch: null, mark: newId(env.now()) } });
      continue;
    }
    if (answer.status !== 200) throw new Halt("server", answer.status);
    rows += answer.body.rows.length;
    await keep(env, store, place, answer.body, acked, begunAt);
    if (!answer.body.more) return rows;
  }
}

function keep(env: Env, store: Store, place: Place, page: Row, acked: Set<string>, begunAt: number): Promise<void> {
  return store.write(["snapshot", "ops", "acks", "news", "meta", "blobs"], async (tx) => {
    const epoch = String(page.scope_epoch);
    const isNewScope = place.epoch !== null && place.epoch !== epoch;
    const mark = isNewScope ? newId(env.now()) : place.mark;
    const changed: Key[] = [];
    const newsAt = (await tx.objectStore("meta").get("pulledAt")) ? begunAt : null;
    for (const row of page.rows) changed.push(await take(tx, row, mark, newsAt));
    for (const gone of page.tombstones ?? []) changed.push(await leave(tx, gone, true, newsAt));
    for (const gone of page.leaves ?? []) changed.push(await leave(tx, gone, false, newsAt));
    if (!page.more) {
      if (mark) changed.push(...(await dropUnmarked(tx, mark)));
      changed.push(...(await dropAcked(tx, acked)));
      await prune(tx, env.now());
      await offer(tx, page.wanted ?? [], env.now());
      await tx.objectStore("meta").put(begunAt, "pulledAt");
    }
    await tx.objectStore("meta").put({ cursor: page.cursor, epoch, mark: page.more ? mark : null } satisfies Place, "place");
    await tx.objectStore("meta").put(page.schema > SCHEMA, "outdated");
    await rebuild(tx, changed);
  });
}

async function take(tx: Transaction, given: Row, mark: string | null, newsAt: number | null): Promise<Key> {
  const key: Key = [given.entity, given.id];
  const before = await tx.objectStore("snapshot").get(key);
  if (newsAt !== null) await noteNews(tx, given.entity, given.id, before?.base ?? null, given.row, newsAt);
  await tx.objectStore("snapshot").put({
    entity: given.entity, id: given.id, rev: given.rev, base: given.row, shown: before?.shown ?? given.row,
    ...(mark ? { mark } : {}),
  });
  return key;
}

/** What is no longer ours stays, read-only, while an operation refers to it; the rebuilding decides. */
async function leave(tx: Transaction, gone: Row, isDeleted: boolean, newsAt: number | null): Promise<Key> {
  const key: Key = [gone.entity, gone.id];
  const before = await tx.objectStore("snapshot").get(key);
  if (before && newsAt !== null && gone.entity === "visit") await noteLeft(tx, gone.id, before, newsAt);
  if (before) await tx.objectStore("snapshot").put({ ...before, left: true, base: isDeleted ? null : before.base });
  return key;
}

async function dropUnmarked(tx: Transaction, mark: string): Promise<Key[]> {
  const old = (await tx.objectStore("snapshot").getAll()).filter((held) => held.mark !== mark && held.base);
  for (const held of old) await tx.objectStore("snapshot").put({ ...held, left: true });
  return old.map((held) => [held.entity, held.id]);
}

/** What the server had applied before this pull began is in its rows now. */
async function dropAcked(tx: Transaction, acked: Set<string>): Promise<Key[]> {
  const keys: Key[] = [];
  for (const op_id of acked) {
    const entry = await tx.objectStore("ops").get(op_id);
    if (entry?.state !== "server") continue;
    keys.push(...entry.touches);
    await tx.objectStore("ops").delete(op_id);
  }
  return keys;
}

async function prune(tx: Transaction, now: number): Promise<void> {
  const old = await tx.objectStore("acks").index("at").getAllKeys(IDBKeyRange.upperBound(now - ACKS_KEPT_MS));
  for (const key of old) await tx.objectStore("acks").delete(key);
}

/** The server misses photos that this phone registered: send them again; those the phone has lost somebody must know of. */
async function offer(tx: Transaction, wanted: Row[], now: number): Promise<void> {
  const blobs = tx.objectStore("blobs");
  const missed = new Set(wanted.map((one) => one.sha256));
  for (const kept of await blobs.getAll()) if (kept.reason === LOST && !missed.has(kept.sha256)) await blobs.delete(kept.sha256);
  for (const { sha256, size, mime, role, work_order_id } of wanted) {
    const kept = await blobs.get(sha256);
    if (kept?.isHere) {
      if (kept.state !== "waiting") await blobs.put({ ...kept, state: "waiting", url: null, offset: 0, reason: null, receivedAt: null });
    } else if (kept?.reason !== LOST)
      await blobs.put({
        sha256, size, mime, role, about: work_order_id, isHere: false, offset: 0, url: null, state: "refused", reason: LOST,
        addedAt: now, receivedAt: null,
      });
  }
}

/** Follow the index from tag to asset, which is kept apart: it is large and looked up by code. */
export async function pullTags(store: Store, session: Session): Promise<void> {
  for (;;) {
    const cursor = await store.meta<string>("tagCursor");
    const answer = await session.ask("GET", `/api/v1/tags/index${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`);
    if (answer.status === 403) return; // the application is switched off here
    if (answer.status !== 200) throw new Halt("server", answer.status);
    await store.write(["tags", "meta"], async (tx) => {
      for (const [id, kind, asset, ...names] of answer.body.items as [string, "p" | "d" | null, string, ...string[]][]) {
        const row = { position_id: kind === "p" ? asset : null, device_id: kind === "d" ? asset : null };
        if (kind) await tx.objectStore("tags").put({ id, aliases: [`~${id.slice(-7)}`, ...names.map((one) => one.toUpperCase())], row });
        else await tx.objectStore("tags").delete(id);
      }
      await tx.objectStore("meta").put(answer.body.cursor, "tagCursor");
    });
    if (answer.body.is_current) return;
  }
}
