/** What the phone keeps, in IndexedDB, one database a person: every method is one transaction. */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from "idb";
import type { BlobEntry, Held, News, OpEntry, Row } from "./types.ts";

const VERSION = 1;

export interface Tables extends DBSchema {
  snapshot: { key: [string, string]; value: Held; indexes: { entity: string } };
  ops: { key: string; value: OpEntry; indexes: { seq: number } };
  blobs: { key: string; value: BlobEntry };
  bytes: { key: string; value: Uint8Array<ArrayBuffer> };
  acks: { key: string; value: { op_id: string; outcome: string; at: number }; indexes: { at: number } };
  meta: { key: string; value: any };
  tags: { key: string; value: { id: string; aliases: string[]; row: Row }; indexes: { alias: string } };
  news: { key: number; value: News };
}

export type Name = "snapshot" | "ops" | "blobs" | "bytes" | "acks" | "meta" | "tags" | "news";
export type Transaction = IDBPTransaction<Tables, Name[], "readwrite">;

/** The disk is full, even after map tiles were given up. */
export class StorageFull extends Error {
  override name = "StorageFull";
}

export class Store {
  readonly name: string;
  #db: IDBPDatabase<Tables>;

  constructor(name: string, db: IDBPDatabase<Tables>) {
    this.name = name;
    this.#db = db;
  }

  /** Open the database, bringing its schema forward; what an older version wrote stays readable. */
  static async open(name: string): Promise<Store> {
    const db = await openDB<Tables>(name, VERSION, {
      upgrade(made, before) {
        if (before < 1) {
          made.createObjectStore("snapshot", { keyPath: ["entity", "id"] }).createIndex("entity", "entity");
          made.createObjectStore("ops", { keyPath: "op_id" }).createIndex("seq", "seq", { unique: true });
          made.createObjectStore("blobs", { keyPath: "sha256" });
          made.createObjectStore("bytes");
          made.createObjectStore("acks", { keyPath: "op_id" }).createIndex("at", "at");
          made.createObjectStore("meta");
          made.createObjectStore("tags", { keyPath: "id" }).createIndex("alias", "aliases", { multiEntry: true });
          made.createObjectStore("news", { keyPath: "key", autoIncrement: true });
        }
      },
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase).close(); // a newer app in another tab brings the schema forward
      },
    });
    return new Store(name, db);
  }

  static remove(name: string): Promise<void> {
    return deleteDB(name);
  }

  close(): void {
    this.#db.close();
  }

  /** Do some work in one transaction that is on the disk when this returns. */
  async write<T>(names: Name[], work: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = this.#db.transaction(names, "readwrite", { durability: "strict" });
    let result: T;
    try {
      result = await work(tx);
    } catch (error) {
      tx.done.catch(() => undefined);
      try {
        tx.abort();
      } catch {
        // over already
      }
      throw full(tx.error ?? error);
    }
    try {
      await tx.done;
    } catch (error) {
      throw full(error);
    }
    return result;
  }

  async read<T>(names: Name[], work: (tx: IDBPTransaction<Tables, Name[], "readonly">) => Promise<T>): Promise<T> {
    return work(this.#db.transaction(names, "readonly"));
  }

  meta<T>(key: string): Promise<T | undefined> {
    return this.read(["meta"], (tx) => tx.objectStore("meta").get(key));
  }

  setMeta(values: Record<string, unknown>): Promise<void> {
    return this.write(["meta"], async (tx) => {
      for (const [key, value] of Object.entries(values)) void tx.objectStore("meta").put(value, key);
    });
  }

  ops(): Promise<OpEntry[]> {
    return this.read(["ops"], (tx) => tx.objectStore("ops").index("seq").getAll());
  }

  rows(entity?: string): Promise<Held[]> {
    return this.read(["snapshot"], (tx) =>
      entity ? tx.objectStore("snapshot").index("entity").getAll(entity) : tx.objectStore("snapshot").getAll(),
    );
  }

  blobs(): Promise<BlobEntry[]> {
    return this.read(["blobs"], (tx) => tx.objectStore("blobs").getAll());
  }

  bytes(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.read(["bytes"], (tx) => tx.objectStore("bytes").get(sha256));
  }
}

function full(error: unknown): unknown {
  return error instanceof Error && error.name === "QuotaExceededError"
    ? new StorageFull("the phone's storage is full", { cause: error })
    : error;
}
