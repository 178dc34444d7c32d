import { utf8 } from '../../../base/bytes.js';
import { writeVarint } from '../../../wire/varint.js';
import { writeInteger } from '../../codecs/json-bytes.js';

/** Names of the headers that a replayed record carries. */
export const LOT_HEADERS = {
  lot: 'streamctl-lot',
  row: 'streamctl-row',
  source: 'streamctl-source',
  sha256: 'streamctl-sha256',
} as const;

const HEADER_COUNT = 4;

/**
 * Headers of one lot's records as raw bytes: built once per lot, only the row number is written anew for each record.
 * The order is lot, source, SHA-256, row.
 */
export class LotHeaders {
  readonly #source: Uint8Array;
  #bytes: Uint8Array;
  #rowLengthAt = 0;
  /** Views by the number of digits of the row. */
  #views: (Uint8Array | undefined)[] = [];

  constructor(source: string) {
    this.#source = utf8(source);
    this.#bytes = new Uint8Array(256 + this.#source.length);
  }

  /** Begins a lot. @param sha256 lower-case hexadecimal. */
  begin(lot: number, sha256: string): void {
    const bytes = this.#bytes;
    let at = writeVarint(bytes, 0, HEADER_COUNT);
    at = writeHeader(bytes, at, LOT_HEADERS.lot, utf8(String(lot)));
    at = writeHeader(bytes, at, LOT_HEADERS.source, this.#source);
    at = writeHeader(bytes, at, LOT_HEADERS.sha256, utf8(sha256));
    const name = utf8(LOT_HEADERS.row);
    at = writeVarint(bytes, at, name.length);
    bytes.set(name, at);
    this.#rowLengthAt = at + name.length;
    this.#views = [];
  }

  /** Headers of a row of this lot; valid until the next call. */
  forRow(row: number): Uint8Array {
    const start = this.#rowLengthAt + 1;
    const end = writeInteger(this.#bytes, start, row);
    const digits = end - start;
    // Lengths up to 63 take one byte, zigzag coded.
    this.#bytes[this.#rowLengthAt] = digits << 1;
    this.#views[digits] ??= this.#bytes.subarray(0, end);
    return this.#views[digits];
  }
}

function writeHeader(bytes: Uint8Array, start: number, name: string, value: Uint8Array): number {
  const nameBytes = utf8(name);
  let at = writeVarint(bytes, start, nameBytes.length);
  bytes.set(nameBytes, at);
  at = writeVarint(bytes, at + nameBytes.length, value.length);
  bytes.set(value, at);
  return at + value.length;
}
