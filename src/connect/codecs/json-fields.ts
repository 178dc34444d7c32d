import { fromUtf8 } from '../../base/bytes.js';
import { skipSpace, skipString, skipValue } from './json-scanner.js';

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;

/** Copies some fields of JSON objects, or all but some, byte by byte as they stand, in the order of the object. */
export class JsonFields {
  readonly #names: ReadonlySet<string>;
  readonly #areWanted: boolean;

  /** @param areWanted false: all fields but these. */
  constructor(names: readonly string[], areWanted = true) {
    this.#names = new Set(names);
    this.#areWanted = areWanted;
  }

  /**
   * Copies the wanted fields of the well-formed object at `start` to `target` from `at` on, which has room for all of it.
   * @returns the position after the closing brace.
   */
  copy(bytes: Uint8Array, start: number, target: Uint8Array, at: number): number {
    let from = skipSpace(bytes, skipSpace(bytes, start) + 1);
    let to = at;
    target[to++] = OPEN;
    while (bytes[from] !== CLOSE) {
      const nameEnd = skipString(bytes, from + 1);
      const valueEnd = skipValue(bytes, skipSpace(bytes, skipSpace(bytes, nameEnd) + 1));
      if (this.#names.has(nameOf(bytes, from, nameEnd)) === this.#areWanted) {
        if (to > at + 1) target[to++] = COMMA;
        target.set(bytes.subarray(from, valueEnd), to);
        to += valueEnd - from;
      }
      from = skipSpace(bytes, valueEnd);
      if (bytes[from] === COMMA) from = skipSpace(bytes, from + 1);
    }
    target[to++] = CLOSE;
    return to;
  }
}

function nameOf(bytes: Uint8Array, start: number, end: number): string {
  const text = fromUtf8(bytes.subarray(start + 1, end - 1));
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}
