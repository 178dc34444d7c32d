import { fromUtf8 } from '../../base/bytes.js';

const SLOTS = 4096;
const MAX_CACHED_BYTES = 48;

/**
 * Strings of ASCII bytes seen before, so that a column of few different texts makes no new string per row.
 * Bound: 4,096 strings of up to 48 bytes; a newer one takes the place of an older one of the same hash.
 */
export class StringCache {
  readonly #strings: (string | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);

  /**
   * The text of ASCII `bytes[start, end)`.
   * @param hash any hash of these bytes, the same for the same bytes.
   */
  ascii(bytes: Uint8Array, start: number, end: number, hash: number): string {
    const length = end - start;
    if (length > MAX_CACHED_BYTES) return fromUtf8(bytes.subarray(start, end));
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
    const known = this.#strings[slot];
    if (known !== undefined && known.length === length && sameAscii(known, bytes, start)) return known;
    const text = asciiText(bytes, start, end);
    this.#strings[slot] = text;
    return text;
  }
}

function sameAscii(text: string, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== bytes[start + index]) return false;
  return true;
}

function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
