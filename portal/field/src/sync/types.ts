/** The shapes that phone and server exchange (backend/field/README.md), and how the phone keeps them. */

export const SCHEMA = 1;

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Row = Record<string, any>;
export type Key = [entity: string, id: string];

export interface Geo {
  lat: number;
  lon: number;
  acc: number;
  age_s: number;
}

/** When the server was last heard, by its own clock, and what the phone's monotonic clock said then. */
export interface Heard {
  at: string;
  mono_ms: number;
  within_ms: number;
}

/** What was meant, made once at the tap, never changed afterwards. */
export interface Operation {
  op_id: string;
  device_id: string;
  seq: number;
  entity: string;
  entity_id: string;
  command: string;
  args: Row;
  base_rev: number | null;
  deps: string[];
  occurred_at: string;
  mono_ms: number;
  boot_id: string;
  /** null before the server was heard since the app was started */
  heard: Heard | null;
  clock_offset_ms: number;
  tz: string;
  geo: Geo | null;
  evidence: string[];
  schema: number;
  app: string;
}

export type Outcome = "applied" | "duplicate" | "merged" | "conflict" | "rejected" | "held" | "retry";

export interface Result {
  op_id: string;
  outcome: Outcome;
  rev?: number;
  overwritten?: Row;
  result?: Result;
  class?: string;
  server_row?: Row;
  conflict_id?: string;
  code?: string;
  message?: string;
  message_zh?: string;
  fix_hint?: string;
  missing?: string[];
  until?: string;
  after_s?: number;
}

/** saved: on the phone; queued: its turn comes; sending; held: the server waits for an earlier one; server: received,
    shown until the feed brings it; needs_you: somebody must look at it. */
export type OpState = "saved" | "queued" | "sending" | "held" | "server" | "needs_you";

export interface OpEntry {
  op_id: string;
  seq: number;
  op: Operation;
  state: OpState;
  result: Result | null;
  tries: number;
  notBefore: number;
  touches: Key[];
  savedAt: number;
  ackedAt: number | null;
}

/** A row as the server last said (`base`) and as the phone shows it, its own operations done (`shown`). */
export interface Held {
  entity: string;
  id: string;
  rev: number | null;
  base: Row | null;
  shown: Row | null;
  left?: boolean;
  mark?: string;
}

export type BlobState = "waiting" | "server" | "refused";

export interface BlobEntry {
  sha256: string;
  size: number;
  mime: string;
  role: string;
  about: string;
  /** its bytes are still on this phone, in a store of their own */
  isHere: boolean;
  offset: number;
  url: string | null;
  state: BlobState;
  reason: string | null;
  addedAt: number;
  receivedAt: number | null;
}

/** Something the office changed, told after a pull. */
export interface News {
  key?: number;
  at: number;
  kind: "new_visit" | "moved" | "withdrawn" | "priority" | "status" | "resolved" | "overwritten";
  entity: string;
  id: string;
  before: Json;
  after: Json;
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  /** milliseconds, by the phone's clock */
  expiresAt: number;
}

export const keyOf = (entity: string, id: string): string => `${entity}/${id}`;
