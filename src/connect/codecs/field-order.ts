/** Fields per object whose names are remembered. */
export const MAX_FIELDS = 256;
/** Room per name, in words of four bytes; longer ones are not remembered. */
const MAX_NAME_WORDS = 16;
const HEAD_WORDS = 3;
const WORD_BYTES = 4;
const STRIDE = HEAD_WORDS + MAX_NAME_WORDS;

/**
 * The names of the fields of the object read before, in their order: in the next object a name is mostly compared, four bytes at a
 * time, and not looked up. All names lie in one array, so that comparing walks through memory without a jump.
 */
export class FieldOrder {
  /**
   * Per field: length in bytes with closing quote and colon, 0 for a name that is not remembered; number of words; the bits of
   * the last word that count; the words, little-endian.
   */
  readonly #names = new Int32Array(MAX_FIELDS * STRIDE);

  /**
   * The position behind the colon of the field's remembered name, where that name stands at `start`; else -1.
   * @param end length of the view: a view takes longer to tell it than a name takes to compare.
   */
  after(view: DataView, end: number, start: number, field: number): number {
    if (field >= MAX_FIELDS) return -1;
    const names = this.#names;
    const place = field * STRIDE;
    const length = names[place]!;
    const last = place + HEAD_WORDS + names[place + 1]! - 1;
    if (length === 0 || start + length + WORD_BYTES > end) return -1;
    let at = start;
    for (let word = place + HEAD_WORDS; word < last; word++) {
      if (view.getInt32(at, true) !== names[word]) return -1;
      at += WORD_BYTES;
    }
    return (view.getInt32(at, true) & names[place + 2]!) === names[last] ? start + length : -1;
  }

  /** Remembers the name of a field. @param name its bytes with closing quote and colon; undefined: it has none that can be compared. */
  put(field: number, name: Uint8Array | undefined): void {
    if (field >= MAX_FIELDS) return;
    const at = field * STRIDE;
    const words = Math.ceil((name?.length ?? 0) / 4);
    this.#names[at] = 0;
    if (name === undefined || words > MAX_NAME_WORDS) return;
    const padded = new Uint8Array(words * 4);
    padded.set(name);
    const view = new DataView(padded.buffer);
    for (let word = 0; word < words; word++) this.#names[at + HEAD_WORDS + word] = view.getInt32(word * 4, true);
    const rest = name.length % 4;
    this.#names[at + 2] = rest === 0 ? -1 : (1 << (rest * 8)) - 1;
    this.#names[at + 1] = words;
    this.#names[at] = name.length;
  }
}
