/** What the core's own tests say again and again: a phone with its work, an answer to write, what became of it. */

import { pull } from "../src/sync/pull.ts";
import { Line, order, phone, visit, type Device } from "./server.ts";

export const answer = (id: string, item: string, value: unknown) => ({ entity: "work_order", entity_id: id, command: "answer", args: { item, value } });
export const states = async ({ store }: Device) => (await store.ops()).map((one) => one.state);
export const shown = async ({ store }: Device, entity: string, id: string) =>
  (await store.rows(entity)).find((one) => one.id === id)?.shown;

export async function ready(rows: any[] = [order("O"), visit("V", "O")], more = {}): Promise<[Line, Device]> {
  const line = new Line();
  line.feed.push(...rows);
  const device = await phone(line, more);
  await pull(device.env, device.store, device.core.session);
  return [line, device];
}

/** Locks as a browser has them: one at a time of each name, the others wait. */
export function queue(): LockManager {
  const last = new Map<string, Promise<unknown>>();
  const request = (name: string, work: () => Promise<unknown>): Promise<unknown> => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work);
    last.set(name, mine.catch(() => undefined));
    return mine;
  };
  return { request } as unknown as LockManager;
}
