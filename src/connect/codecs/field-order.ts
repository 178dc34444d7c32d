import { WORD_BYTES } from './json-words.js';

/** Fields per object that are remembered; those behind them share the place after the last. */
export const MAX_FIELDS = 256;
/** Room per field in words; a longer name is not remembered. */
export const MAX_LEAD_WORDS = 16;

/**
 * What stood before the values of the object read before, in their order: brace or comma, name in quotes and colon, without space
 * between. In the next object it is mostly compared, a word at a time, and not looked up. All of it lies in arrays, so that
 * comparing walks through memory without a jump.
 */
export class FieldOrder {
  /** Words per field, little-endian; the last one overlaps the one before, so that all are whole. */
  readonly words = new Int32Array((MAX_FIELDS + 1) * MAX_LEAD_WORDS);
  /** Bytes per field; 0 where nothing can be compared. */
  readonly lengths = new Int32Array(MAX_FIELDS + 1);

  /** Remembers what stands before the value of a field; undefined: it has something that cannot be compared. */
  put(field: number, lead: Uint8Array | undefined): void {
    if (field >= MAX_FIELDS) return;
    const length = lead?.length ?? 0;
    this.lengths[field] = 0;
    if (lead === undefined || length > MAX_LEAD_WORDS * WORD_BYTES) return;
    const view = new DataView(lead.buffer, lead.byteOffset, length);
    const last = length - WORD_BYTES;
    let place = field * MAX_LEAD_WORDS;
    for (let at = 0; at < last; at += WORD_BYTES) this.words[place++] = view.getInt32(at, true);
    this.words[place] = view.getInt32(last, true);
    this.lengths[field] = length;
  }
}
