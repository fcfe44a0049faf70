/** Identifiers: UUIDv7, written as 26 Crockford base-32 characters, as the server does (backend/kernel/ids.py). */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Return a new id: 48 bits of milliseconds, then random bits, so that ids sort by birth. */
export function newId(nowMs: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 5, left = nowMs; place >= 0; place--, left = Math.floor(left / 256)) bytes[place] = left % 256;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return show(bytes);
}

/** Write 16 bytes as 26 characters. */
export function show(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = "";
  for (let shift = 125n; shift >= 0n; shift -= 5n) text += ALPHABET[Number((value >> shift) & 31n)];
  return text;
}

/** Return an id as it is kept, from what somebody typed: small letters, and O for 0, I and L for 1 are forgiven. */
export function forgiving(text: string): string {
  return text.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}

/** Tell whether a text is an id. */
export function isId(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}
