/** What screens read: the rows as shown, the outbox, the photos and the news, read again when any of them changed. */

import { useEffect, useReducer } from "preact/hooks";
import { site } from "./format.ts";
import type { Core, Status } from "./sync/core.ts";
import type { BlobEntry, News, OpEntry, Row } from "./sync/types.ts";

export type Shown = Row & { id: string; isLeft: boolean };

const IDLE: Status = { isSending: false, stopped: null, failures: 0, nextTryAt: null, lastHeardAt: null };

class Model {
  core: Core | null = null;
  isReady = false;
  ops: OpEntry[] = [];
  blobs: BlobEntry[] = [];
  news: News[] = [];
  outdated = false;
  /** A newer version of the app is on this phone and waits until this one is closed. */
  isNewerHere = false;
  #rows = new Map<string, Map<string, Shown>>();
  #listeners = new Set<() => void>();
  #isReading = false;
  #isStale = false;
  #stop = (): void => undefined;
  #others = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("field");

  /** Show what this core keeps. */
  async attach(core: Core | null): Promise<void> {
    this.#stop();
    this.core = core;
    this.#rows = new Map();
    this.isReady = core === null;
    if (!core) return this.tell();
    this.#stop = core.on(() => {
      this.#others?.postMessage(core.store.name);
      void this.read();
    });
    if (this.#others) this.#others.onmessage = (told) => void (told.data === core.store.name && this.read());
    await this.read();
  }

  get status(): Status {
    return this.core?.status ?? IDLE;
  }

  /** The present, by the server's clock as far as it is known [ms]. */
  now(): number {
    return Date.now() + (this.core?.session.offset ?? 0);
  }

  all(entity: string): Shown[] {
    return [...(this.#rows.get(entity)?.values() ?? [])];
  }

  one(entity: string, id: string | null | undefined): Shown | undefined {
    return id ? this.#rows.get(entity)?.get(id) : undefined;
  }

  /** Rows of an entity that point at something. */
  of(entity: string, field: string, id: string): Shown[] {
    return this.all(entity).filter((row) => row[field] === id);
  }

  /** What is not on the server yet, or needs somebody. */
  get unsent(): OpEntry[] {
    return this.ops.filter((entry) => entry.state !== "server");
  }

  get needy(): OpEntry[] {
    return this.ops.filter((entry) => entry.state === "needs_you");
  }

  /** Read again; asked while reading, once more afterwards. */
  async read(): Promise<void> {
    const core = this.core;
    if (!core) return;
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#isReading = true;
    do {
      this.#isStale = false;
      const [rows, ops, blobs, news, outdated] = await Promise.all([
        core.store.rows(), core.store.ops(), core.store.blobs(),
        core.store.read(["news"], (tx) => tx.objectStore("news").getAll()), core.store.meta<boolean>("outdated"),
      ]);
      const found = new Map<string, Map<string, Shown>>();
      for (const held of rows) {
        if (!held.shown) continue;
        if (!found.has(held.entity)) found.set(held.entity, new Map());
        found.get(held.entity)!.set(held.id, { ...held.shown, id: held.id, isLeft: held.left === true });
      }
      this.#rows = found;
      site.zone = this.all("position").find((one) => one.timezone)?.timezone ?? site.zone;
      Object.assign(this, { ops, blobs, news, outdated: outdated === true });
      this.isReady = true;
      this.tell(); // a tap shows at once, though the sending that it began changes more
    } while (this.#isStale);
    this.#isReading = false;
  }

  tellNewer(): void {
    this.isNewerHere = true;
    this.tell();
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export const model = new Model();

/** Draw again whenever what the phone keeps changed. */
export function useModel(): Model {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => model.listen(() => again(undefined as never)), []);
  return model;
}

/** Draw again every so often: clocks and ages. */
export function useTick(everyMs: number): void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => again(undefined as never), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
