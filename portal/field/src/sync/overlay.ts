/** Rows as shown: what the server last said, with the phone's own operations done on top, in their order. */

import type { Transaction } from "./store.ts";
import { apply, type View } from "./effect.ts";
import { keyOf, type Held, type Key, type OpEntry } from "./types.ts";

/** Tell whether an operation still shows: not yet in the server's rows, and not turned down. */
export const shows = (entry: OpEntry): boolean => entry.state !== "needs_you";

/** Compute again the given rows and all that living operations touch; drop rows that nothing holds any more. */
export async function rebuild(tx: Transaction, keys: Iterable<Key>): Promise<void> {
  const snapshot = tx.objectStore("snapshot");
  const entries: OpEntry[] = await tx.objectStore("ops").index("seq").getAll();
  const living = entries.filter(shows);
  const wanted = new Map<string, Key>();
  for (const key of keys) wanted.set(keyOf(...key), key);
  for (const entry of living) for (const key of entry.touches) wanted.set(keyOf(...key), key);
  const held = new Map<string, Held | undefined>();
  const view: View = new Map();
  const found = await Promise.all([...wanted.values()].map((key) => snapshot.get(key)));
  for (const [place, name] of [...wanted.keys()].entries()) {
    held.set(name, found[place]);
    view.set(name, found[place]?.base ?? null);
  }
  for (const entry of living) apply(view, entry.op);
  const referred = new Set(entries.flatMap((entry) => entry.touches.map((key) => keyOf(...key))));
  await Promise.all([...wanted].map(([name, [entity, id]]) => settle(tx, held.get(name), entity, id, view.get(name) ?? null, referred.has(name))));
}

async function settle(
  tx: Transaction, before: Held | undefined, entity: string, id: string, shown: Held["shown"], isReferred: boolean,
): Promise<void> {
  const snapshot = tx.objectStore("snapshot");
  const isOver = before?.left && !isReferred;
  if ((!shown && !isReferred) || isOver) {
    if (before) await snapshot.delete([entity, id]);
    return;
  }
  if (!shown && !before) return;
  await snapshot.put({ entity, id, rev: before?.rev ?? null, base: before?.base ?? null, ...before, shown });
}
