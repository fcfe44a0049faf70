/** The phone's side of synchronisation, put together: write, send, follow, and tell who listens what changed. */

import { backoff } from "./clock.ts";
import { sha256, type Env } from "./env.ts";
import { touched } from "./effect.ts";
import { newId } from "./ids.ts";
import { rebuild } from "./overlay.ts";
import { pull, pullTags } from "./pull.ts";
import { push } from "./push.ts";
import { Halt, Session, tokensOf, type Stopped } from "./session.ts";
import { StorageFull, type Store } from "./store.ts";
import { shedReceived, tidy, upload } from "./upload.ts";
import { SCHEMA, type BlobEntry, type Key, type OpEntry, type Operation, type Row } from "./types.ts";

const LEAST_FREE = 50_000_000;

export interface Intent {
  entity: string;
  entity_id?: string;
  command: string;
  args?: Row;
  deps?: string[];
  evidence?: string[];
}

/** A file to keep with the operations that speak of it. */
export interface Kept {
  entry: BlobEntry;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface Status {
  isSending: boolean;
  stopped: Stopped | "storage" | null;
  failures: number;
  /** by the monotonic clock [ms]: the other one may be set back */
  nextTryAt: number | null;
  lastHeardAt: number | null;
}

const FREE = new Set(["attach", "answer", "codes", "comment", "punch", "use_part", "read", "scan", "report", "rehearse"]);

/** What must come first, unless told: facts need nothing; a command needs those made with it and its thing's waiting ones. */
function needed(command: string, entity: string, id: string, waiting: OpEntry[], made: Operation[]): string[] {
  if (FREE.has(command)) return [];
  const earlier = waiting.filter((one) => one.op.entity === entity && one.op.entity_id === id).map((one) => one.op_id);
  return [...new Set([...(command === "complete" ? earlier : earlier.slice(-1)), ...made.slice(-1).map((one) => one.op_id)])];
}

/** A photo is refused: the phone is nearly full. */
export class NoRoom extends Error {
  override name = "NoRoom";
}

export class Core {
  readonly env: Env;
  readonly store: Store;
  readonly session: Session;
  status: Status = { isSending: false, stopped: null, failures: 0, nextTryAt: null, lastHeardAt: null };
  #listeners = new Set<() => void>();
  #again = false;
  #isUrgent = false;

  private constructor(env: Env, store: Store) {
    this.env = env;
    this.store = store;
    this.session = new Session(env, store);
  }

  /** Take up what the last process left: what was on its way is sent again, which the server takes once. */
  static async open(env: Env, store: Store): Promise<Core> {
    const core = new Core(env, store);
    await core.session.recall();
    core.status.lastHeardAt = (await store.meta<number>("pulledAt")) ?? null;
    return core;
  }

  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Log in: keep the tokens. */
  async logIn(email: string, password: string, device_name: string): Promise<void> {
    const device_id = (await this.store.meta<string>("device_id")) ?? newId(this.env.now());
    const response = await this.env.fetch(`${this.env.base}/api/v1/auth/login`, {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email, password, device_id, device_name }),
    });
    if (response.status === 401 || response.status === 422) throw new Halt("login", response.status);
    if (response.status !== 200) throw new Halt("server", response.status);
    await this.store.setMeta({ device_id, email, tokens: tokensOf(await response.json(), this.env.now()) });
    this.status = { ...this.status, stopped: null, failures: 0, nextTryAt: null };
  }

  /** Log out: forget the tokens. What waits to be sent stays, and goes when the same person logs in again. */
  async logOut(): Promise<void> {
    await this.session.ask("POST", "/api/v1/auth/logout").catch(() => undefined);
    await this.store.setMeta({ tokens: undefined });
    this.tell();
  }

  /** Write operations and show what they do, all in one transaction; later ones depend on earlier ones. */
  async write(intents: Intent[], files: Kept[] = []): Promise<Operation[]> {
    const made = await this.#keeping(() => this.#write(intents, files));
    this.tell();
    return made;
  }

  async #keeping<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageFull)) throw error;
      if (!(await this.env.shed()) && !(await shedReceived(this.store).catch(() => false))) throw error;
      return work();
    }
  }

  #write(intents: Intent[], files: Kept[]): Promise<Operation[]> {
    return this.store.write(["ops", "snapshot", "meta", "blobs", "bytes"], async (tx) => {
      const meta = tx.objectStore("meta");
      const [last, device_id, entries] = await Promise.all([meta.get("seq"), meta.get("device_id"), tx.objectStore("ops").index("seq").getAll()]);
      let seq: number = last ?? 0;
      const made: Operation[] = [];
      const keys: Key[] = [];
      const waiting = entries.filter((one) => one.ackedAt === null);
      for (const intent of intents) {
        const entity_id = intent.entity_id ?? newId(this.env.now());
        const held = await tx.objectStore("snapshot").get([intent.entity, entity_id]);
        seq += 1;
        const op: Operation = {
          op_id: newId(this.env.now()), device_id, seq, entity: intent.entity, entity_id, command: intent.command,
          args: intent.args ?? {}, base_rev: held?.rev ?? null,
          deps: intent.deps ?? needed(intent.command, intent.entity, entity_id, waiting, made),
          occurred_at: new Date(this.env.now()).toISOString(), mono_ms: Math.round(this.env.mono()), boot_id: this.env.bootId,
          heard: this.session.heard, clock_offset_ms: this.session.offset, tz: this.env.tz, geo: this.env.geo(), evidence: intent.evidence ?? [],
          schema: SCHEMA, app: this.env.app,
        };
        const touches = touched(op, held?.shown ?? null);
        const entry: OpEntry = {
          op_id: op.op_id, seq, op, state: "saved", result: null, tries: 0, notBefore: 0, touches,
          savedAt: this.env.now(), ackedAt: null,
        };
        await tx.objectStore("ops").add(entry);
        keys.push(...touches);
        made.push(op);
        if (made.length < intents.length && (touches.length > 1 || !held)) await rebuild(tx, touches); // the next one may build on it
      }
      await meta.put(seq, "seq");
      for (const { entry, bytes } of files) {
        const known = await tx.objectStore("blobs").get(entry.sha256);
        if (known?.isHere || known?.state === "server") continue;
        await tx.objectStore("blobs").put(entry);
        await tx.objectStore("bytes").put(bytes, entry.sha256);
      }
      await rebuild(tx, keys);
      return made;
    });
  }

  /** Keep a photo or signature and register it by its hash; the bytes follow. Refused when the phone is nearly full. */
  async attach(work_order: string, role: string, bytes: Uint8Array<ArrayBuffer>, mime: string): Promise<string> {
    const { quota, usage } = await this.env.estimate();
    if (quota !== undefined && usage !== undefined && quota - usage < LEAST_FREE && !(await this.env.shed()))
      throw new NoRoom("less than 50 MB are left on this phone");
    const hash = await sha256(bytes);
    const now = this.env.now();
    const args = { role, sha256: hash, size: bytes.length, mime, taken_at: new Date(now + this.session.offset).toISOString() };
    const entry: BlobEntry = {
      sha256: hash, size: bytes.length, mime, role, about: work_order, isHere: true, offset: 0, url: null, state: "waiting",
      reason: null, addedAt: now, receivedAt: null,
    };
    await this.write([{ entity: "work_order", entity_id: work_order, command: "attach", args, evidence: [hash] }], [{ entry, bytes }]);
    return hash;
  }

  /** Take an operation that was turned down out of the list; what it showed is gone. */
  async dismiss(op_id: string): Promise<void> {
    await this.store.write(["ops", "snapshot"], async (tx) => {
      const entry = await tx.objectStore("ops").get(op_id);
      if (entry?.state !== "needs_you") return;
      await tx.objectStore("ops").delete(op_id);
      await rebuild(tx, entry.touches);
    });
    this.tell();
  }

  /** Say it again: a new operation with the same meaning, from what the phone knows now. */
  async repeat(op_id: string): Promise<void> {
    const entry = (await this.store.ops()).find((one) => one.op_id === op_id);
    if (entry?.state !== "needs_you") return;
    const { entity, entity_id, command, args, evidence } = entry.op;
    await this.dismiss(op_id);
    await this.write([{ entity, entity_id, command, args, evidence, deps: [] }]);
  }

  /** Send and follow, if nobody else on this phone does; asked again meanwhile, once more afterwards. Being asked by force
      (the line is back) while a try is failing for want of a line is not forgotten with that try. */
  async sync({ isForced = false, withTags = true } = {}): Promise<void> {
    if (!isForced && this.wait) return;
    if (this.status.isSending) {
      this.#again = true;
      this.#isUrgent ||= isForced;
      return;
    }
    if (!(await this.store.meta("tokens"))) {
      this.status = { ...this.status, stopped: "login" };
      return this.tell();
    }
    this.status = { ...this.status, isSending: true };
    this.tell();
    try {
      do {
        this.#again = this.#isUrgent = false;
        await this.#alone(() => this.drain(withTags));
      } while (this.#again);
      this.status = { ...this.status, stopped: null, failures: 0, nextTryAt: null };
    } catch (error) {
      this.#stop(error);
    } finally {
      this.status = { ...this.status, isSending: false };
      this.tell();
    }
    if (this.#isUrgent && this.status.stopped === "offline") await this.sync({ isForced: true, withTags });
  }

  /** How long until it is tried again [ms]; null where nothing failed. */
  get wait(): number | null {
    return this.status.nextTryAt === null ? null : Math.max(0, this.status.nextTryAt - this.env.mono());
  }

  async drain(withTags = true): Promise<void> {
    await push(this.env, this.store, this.session);
    this.tell();
    await pull(this.env, this.store, this.session);
    this.status = { ...this.status, lastHeardAt: this.env.now() };
    this.tell();
    await upload(this.env, this.store, this.session, () => this.tell());
    if (withTags) await pullTags(this.store, this.session);
    await tidy(this.env, this.store);
  }

  #stop(error: unknown): void {
    if (!(error instanceof Halt) && !(error instanceof StorageFull)) throw error;
    const stopped = error instanceof Halt ? error.why : "storage";
    const failures = this.status.failures + 1;
    const asked = error instanceof Halt ? error.after : 0;
    const nextTryAt = stopped === "login" ? null : this.env.mono() + Math.max(asked, backoff(failures, this.env.random));
    this.status = { ...this.status, stopped, failures, nextTryAt };
  }

  /** One page or worker of this phone drains at a time; who finds another at it looks again when that one is done. */
  async #alone(work: () => Promise<void>): Promise<void> {
    if (!this.env.locks) return work();
    await this.env.locks.request(`drain ${this.store.name}`, work);
  }
}
