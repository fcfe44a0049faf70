/** Sending what waits: batches of at most 50 operations or 256 kB, each operation with its own result. */

import type { Env } from "./env.ts";
import { newId } from "./ids.ts";
import { rebuild } from "./overlay.ts";
import { Halt, type Answer, type Session } from "./session.ts";
import type { Store, Transaction } from "./store.ts";
import type { Key, OpEntry, OpState, Result } from "./types.ts";

const MOST = 50;
const MOST_BYTES = 256_000;
const TRIES = 5;
const HELD_AGAIN_MS = 60_000;
const LONGEST_WAIT_MS = 600_000;

/** Send until nothing may be sent; return how many were answered. Throws Halt when nothing can be sent now. */
export async function push(env: Env, store: Store, session: Session): Promise<number> {
  let answered = 0;
  let most = MOST;
  for (;;) {
    const batch = await take(env, store, most);
    if (!batch.length) return answered;
    try {
      const results = await send(env, store, session, batch);
      if (results) {
        await settle(env, store, batch, results);
        answered += results.length;
      } else if (batch.length > 1) {
        await release(store, batch, 0, env.now());
        most = 1; // one of them is bad: find it, so that the others go through
      } else {
        const isItsOwn = await takesOthers(env, store, session);
        await release(store, batch, isItsOwn ? 1 : 0, env.now());
        if (!isItsOwn) throw new Halt("server");
      }
    } catch (error) {
      if (error instanceof Halt) await release(store, batch, 0, 0);
      throw error;
    }
  }
}

/** Mark the next operations as sending, in the order they were made. */
function take(env: Env, store: Store, most: number): Promise<OpEntry[]> {
  return store.write(["ops"], async (tx) => {
    const entries: OpEntry[] = await tx.objectStore("ops").index("seq").getAll();
    const batch: OpEntry[] = [];
    let bytes = 200;
    for (const entry of entries) {
      if (!["saved", "queued", "sending", "held"].includes(entry.state) || isEarly(entry, env.now())) continue;
      const size = new TextEncoder().encode(JSON.stringify(entry.op)).length + 1;
      if (batch.length >= most || (batch.length > 0 && bytes + size > MOST_BYTES)) {
        if (entry.state === "saved") await tx.objectStore("ops").put({ ...entry, state: "queued" });
        continue;
      }
      batch.push(entry);
      bytes += size;
      await tx.objectStore("ops").put({ ...entry, state: "sending" });
    }
    return batch;
  });
}

/** Tell whether an operation waits still. None waits longer than ten minutes: where one seems to, the clock was set back since. */
function isEarly({ notBefore }: OpEntry, now: number): boolean {
  return notBefore > now && notBefore - now <= LONGEST_WAIT_MS;
}

/** Return the results; null where the server answered, but could not take this batch. */
async function send(env: Env, store: Store, session: Session, batch: OpEntry[]): Promise<Result[] | null> {
  const answer = await post(env, store, session, batch);
  if (answer.status === 200 && Array.isArray(answer.body?.results)) return answer.body.results;
  if (answer.status === 409) throw new Halt("server", answer.status);
  return null;
}

async function post(env: Env, store: Store, session: Session, batch: OpEntry[]): Promise<Answer> {
  const batch_id = newId(env.now());
  const said = {
    batch_id, device_id: await store.meta<string>("device_id"), boot_id: env.bootId, mono_ms: Math.round(env.mono()),
    sent_at: new Date(env.now()).toISOString(), operations: batch.map((entry) => entry.op),
  };
  return session.ask("POST", "/api/v1/field/push", said, { "Idempotency-Key": batch_id });
}

/** Tell whether a failure is an operation's own: the server takes a batch without any. Else the trouble is everybody's,
    and no operation is to blame. */
async function takesOthers(env: Env, store: Store, session: Session): Promise<boolean> {
  return (await post(env, store, session, [])).status === 200;
}

/** Put operations back that got no result; `tried` counts against one that failed alone. */
function release(store: Store, batch: OpEntry[], tried: number, now: number): Promise<void> {
  return store.write(["ops", "snapshot"], async (tx) => {
    for (const { op_id } of batch) {
      const entry = await tx.objectStore("ops").get(op_id);
      if (entry?.state !== "sending") continue;
      const tries = entry.tries + tried;
      const isPoison = tries >= TRIES;
      const result: Result | null = isPoison ? { op_id, outcome: "rejected", code: "not_understood" } : entry.result;
      const notBefore = tried ? now + 2_000 * 2 ** tries : entry.notBefore;
      await tx.objectStore("ops").put({ ...entry, tries, notBefore, result, state: isPoison ? "needs_you" : "queued" });
      if (isPoison) await rebuild(tx, entry.touches);
    }
  });
}

/** Write down what the server said to each operation, and show it. */
function settle(env: Env, store: Store, batch: OpEntry[], results: Result[]): Promise<void> {
  const said = new Map(results.map((result) => [result.op_id, result]));
  return store.write(["ops", "snapshot", "acks", "news", "meta"], async (tx) => {
    const turned: OpEntry[] = [];
    for (const { op_id } of batch) {
      const entry = await tx.objectStore("ops").get(op_id);
      const result = said.get(op_id);
      if (!entry) continue;
      const after = result ? settled(entry, result, env.now()) : { ...entry, state: "queued" as OpState };
      await tx.objectStore("ops").put(after);
      if (after.state === "server" || after.state === "needs_you")
        await tx.objectStore("acks").put({ op_id, outcome: after.result!.outcome, at: env.now() });
      if (after.state === "needs_you") turned.push(after);
      const known = after.result?.overwritten?.attached_to;
      if (known) await follow(env, tx, entry.op.entity_id, known);
      if (after.result?.outcome === "merged" && !known)
        await tx.objectStore("news").add({
          at: env.now(), kind: "overwritten", entity: entry.op.entity, id: entry.op.entity_id,
          before: (after.result.overwritten as any) ?? null, after: null,
        });
    }
    if (turned.length) await rebuild(tx, turned.flatMap((entry) => entry.touches));
  });
}

/** A fault was known already: what was said of the new order is said of that one, as operations of their own. */
async function follow(env: Env, tx: Transaction, order: string, known: string): Promise<void> {
  const [ops, meta] = [tx.objectStore("ops"), tx.objectStore("meta")];
  for (const entry of await ops.index("seq").getAll()) {
    if (entry.op.entity_id !== order || entry.op.command === "report") continue;
    const seq: number = (await meta.get("seq")) + 1;
    await meta.put(seq, "seq");
    const op = { ...entry.op, op_id: newId(env.now()), seq, entity_id: known, base_rev: null, deps: [] };
    const touches: Key[] = [["work_order", known]];
    await ops.delete(entry.op_id);
    await ops.put({ ...entry, op_id: op.op_id, seq, op, touches, state: "saved", result: null, notBefore: 0, ackedAt: null });
  }
}

export function settled(entry: OpEntry, result: Result, now: number): OpEntry {
  const final = result.outcome === "duplicate" && result.result ? result.result : result;
  switch (final.outcome) {
    case "conflict":
    case "rejected":
      return { ...entry, state: "needs_you", result: final, ackedAt: now };
    case "held":
      return { ...entry, state: "held", result: final, notBefore: now + HELD_AGAIN_MS };
    case "retry":
      return { ...entry, state: "queued", notBefore: now + Math.min((final.after_s ?? 5) * 1000, LONGEST_WAIT_MS) };
    default:
      return { ...entry, state: "server", result: final, ackedAt: now };
  }
}
