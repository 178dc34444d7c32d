import { asciiStops, asciiText, bytesBefore, WORD_BYTES, wordBefore } from './json-words.js';

const SLOTS = 4096;
const MAX_WORDS = 12;
const MULTIPLIER = 0x9e3779b1 | 0;
const QUOTE = 0x22;

/**
 * Texts of JSON strings seen before, so that a column of few different texts makes no new string per row. They are found by their
 * bytes, four at a time. Bound: 4,096 texts of up to 47 bytes; a newer one takes the place of an older one of the same hash.
 */
export class StringCache {
  readonly #texts = new Array<string>(SLOTS).fill('');
  /** Per text its words. The last one has a zero byte, which stands in no text: a longer text is never taken for a shorter one. */
  readonly #words = new Int32Array(SLOTS * MAX_WORDS);

  /**
   * Stores the text that begins at `start` at `row` of `data`.
   * @param view of `bytes`.
   * @returns where its closing quote is; -1 for one with escapes or bytes beyond ASCII, a long one, and what is none.
   */
  take(bytes: Uint8Array, view: DataView, start: number, data: unknown[], row: number): number {
    const last = Math.min(bytes.length, start + MAX_WORDS * WORD_BYTES) - WORD_BYTES;
    let hash = 0;
    for (let at = start; at <= last; at += WORD_BYTES) {
      const word = view.getInt32(at, true);
      const stops = asciiStops(word);
      if (stops === 0) {
        hash = Math.imul(hash ^ word, MULTIPLIER);
        continue;
      }
      const end = at + bytesBefore(stops);
      if (bytes[end] !== QUOTE) return -1;
      const rest = wordBefore(word, stops);
      hash = Math.imul(hash ^ rest, MULTIPLIER);
      const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
      if (!this.#holds(slot, view, start, at, rest)) this.#put(slot, bytes, view, start, end, rest);
      data[row] = this.#texts[slot];
      return end;
    }
    return -1;
  }

  #holds(slot: number, view: DataView, start: number, restAt: number, rest: number): boolean {
    const words = this.#words;
    let place = slot * MAX_WORDS;
    for (let at = start; at < restAt; at += WORD_BYTES) if (words[place++] !== view.getInt32(at, true)) return false;
    return words[place] === rest;
  }

  #put(slot: number, bytes: Uint8Array, view: DataView, start: number, end: number, rest: number): void {
    let place = slot * MAX_WORDS;
    for (let at = start; at + WORD_BYTES <= end; at += WORD_BYTES) this.#words[place++] = view.getInt32(at, true);
    this.#words[place] = rest;
    this.#texts[slot] = asciiText(bytes, start, end);
  }
}
