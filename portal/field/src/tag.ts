/** What a scan says: a tag's printed address or bare code, its short code, an RFID or NFC alias. */

import { forgiving } from "./sync/ids.ts";
import type { Store } from "./sync/store.ts";
import type { OpEntry, Row } from "./sync/types.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export interface Read {
  /** as scanned or typed: the server parses and checks it again */
  text: string;
  id: string | null;
  tail: string | null;
}

/** Take apart what was read; the signature is the server's to check. */
export function parse(text: string): Read {
  const trimmed = text.trim();
  const plain = forgiving(/^https?:\/\/[^/]+\/t\/([^/?#]+)/i.exec(trimmed)?.[1] ?? trimmed);
  if (/^[0-7][0-9A-TV-Z]{34}$/.test(plain)) return { text: trimmed, id: plain.slice(0, 26), tail: null };
  if (/^[0-9A-TV-Z]{8}$/.test(plain) && check(plain.slice(0, 7)) === plain[7]) return { text: trimmed, id: null, tail: plain.slice(0, 7) };
  return { text: trimmed, id: null, tail: null };
}

/** Find the tag in the index this phone holds. */
export function find(store: Store, read: Read): Promise<(Row & { id: string }) | null> {
  return store.read(["tags"], async (tx) => {
    const tags = tx.objectStore("tags");
    const found = read.id ? await tags.get(read.id) : await tags.index("alias").get(read.tail ? `~${read.tail}` : read.text.toUpperCase());
    return found ? { ...found.row, id: found.id } : null;
  });
}

/** Say what a tag hangs on, this phone's own bindings done that the index does not know of yet. */
export function asBoundHere(found: (Row & { id: string }) | null, read: Read, ops: OpEntry[]): (Row & { id: string }) | null {
  const id = found?.id ?? read.id;
  let tag = found;
  for (const { op, state } of ops) {
    if (op.entity !== "tag" || op.entity_id !== id || state === "needs_you") continue;
    if (op.command === "bind" || op.command === "rebind")
      tag = { ...tag, id, position_id: op.args.position_id ?? null, device_id: op.args.device_id ?? null };
  }
  return tag;
}

/** The check character of a short code, over GF(32): any wrong letter and any two swapped ones show. */
export function check(letters: string): string {
  let [total, weight] = [0, 1];
  for (const letter of letters) {
    weight = times(weight, 2);
    total ^= times(ALPHABET.indexOf(letter), weight);
  }
  return ALPHABET[total]!;
}

function times(a: number, b: number): number {
  let product = 0;
  for (; b; b >>= 1, a <<= 1, a & 32 && (a ^= 0b100101)) if (b & 1) product ^= a;
  return product;
}
