const encoder = new TextEncoder();
const decoder = new TextDecoder();
const exactDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Bytes of one array of a {@link Utf8Room}. */
const ROOM_BYTES = 64 * 1024;
/** The first one is smaller: there may be few texts. */
const FIRST_ROOM_BYTES = 4 * 1024;
/** The most bytes of a unit of text in UTF-8. */
const UNIT_BYTES = 3;

/** UTF-8 bytes of many small texts, one behind the other in a few arrays: an array for each would cost more than its bytes. */
export class Utf8Room {
  #room = Buffer.alloc(0);
  #used = 0;

  /** The bytes of `text`: a view that stays as it is. */
  put(text: string): Uint8Array {
    const most = text.length * UNIT_BYTES;
    if (most > ROOM_BYTES) return utf8(text);
    if (this.#used + most > this.#room.length) {
      this.#room = Buffer.allocUnsafeSlow(this.#room.length === 0 ? Math.max(FIRST_ROOM_BYTES, most) : ROOM_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += this.#room.write(text, start);
    return this.#room.subarray(start, this.#used);
  }
}

/** The text of UTF-8 `bytes`; malformed sequences become U+FFFD. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** As {@link fromUtf8}, for bytes that are no file: a byte order mark at their beginning is a character like others. */
export function exactFromUtf8(bytes: Uint8Array): string {
  return exactDecoder.decode(bytes);
}

/** Whether `text` has no half of a surrogate pair, so that its UTF-8 bytes give it back. */
export function isWellFormed(text: string): boolean {
  // Node 20 has it, the language level that we compile for does not.
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** An array whose bytes are anything, for those who fill all of it: clearing large ones takes longer than filling them. */
export function unclearedBytes(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** One array with the bytes of all `chunks`. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Whether both arrays hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
