import { type ByteSpan, emptySpan, spanOver } from '../../../base/byte-span.js';
import { utf8 } from '../../../base/bytes.js';
import { writeInteger } from '../../../base/decimal-digits.js';
import { writeVarint } from '../../../wire/varint.js';

/** Names of the headers that a replayed record carries. */
export const LOT_HEADERS = {
  lot: 'streamctl-lot',
  row: 'streamctl-row',
  source: 'streamctl-source',
  sha256: 'streamctl-sha256',
  /** Only where the rows are sent in another order than the file's: their place in it. */
  place: 'streamctl-place',
} as const;

/** Room for names, numbers, digest and lengths. */
const ROOM_BYTES = 512;

const LOT_NAME = utf8(LOT_HEADERS.lot);
const ROW_NAME = utf8(LOT_HEADERS.row);
const SOURCE_NAME = utf8(LOT_HEADERS.source);
const SHA_NAME = utf8(LOT_HEADERS.sha256);
const PLACE_NAME = utf8(LOT_HEADERS.place);

/**
 * Headers of one lot's records as raw bytes: built once per lot, only the row number is written anew for each record.
 * The order is lot, source, SHA-256, row, and place where there is one.
 */
export class LotHeaders {
  /** The headers of the row told last. */
  readonly span: ByteSpan = emptySpan();
  readonly #source: Uint8Array;
  readonly #hasPlace: boolean;
  #rowLengthAt = 0;

  /** @param hasPlace the rows have a place beside their number. */
  constructor(source: string, hasPlace = false) {
    this.#source = utf8(source);
    this.#hasPlace = hasPlace;
    spanOver(this.span, new Uint8Array(ROOM_BYTES + this.#source.length));
  }

  /** Begins a lot. @param sha256 lower-case hexadecimal. */
  begin(lot: number, sha256: string): void {
    const { bytes } = this.span;
    let at = writeVarint(bytes, 0, this.#hasPlace ? 5 : 4);
    at = writeHeader(bytes, at, LOT_NAME, ascii(String(lot)));
    at = writeHeader(bytes, at, SOURCE_NAME, this.#source);
    at = writeHeader(bytes, at, SHA_NAME, ascii(sha256));
    at = writeVarint(bytes, at, ROW_NAME.length);
    bytes.set(ROW_NAME, at);
    this.#rowLengthAt = at + ROW_NAME.length;
  }

  /** What the headers of all rows of this lot begin with: all up to the name of the row. */
  get beforeRow(): Uint8Array {
    return this.span.bytes.subarray(0, this.#rowLengthAt);
  }

  /** Makes `span` the headers of a row of this lot. @param place of the row among those sent, where rows have one. */
  row(row: number, place = 0): void {
    const { span } = this;
    const start = this.#rowLengthAt + 1;
    span.end = writeInteger(span.bytes, start, row);
    // Lengths up to 63 take one byte, zigzag coded.
    span.bytes[this.#rowLengthAt] = (span.end - start) << 1;
    if (this.#hasPlace) span.end = writeHeader(span.bytes, span.end, PLACE_NAME, ascii(String(place)));
  }
}

function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function writeHeader(bytes: Uint8Array, start: number, name: Uint8Array, value: Uint8Array): number {
  let at = writeVarint(bytes, start, name.length);
  bytes.set(name, at);
  at = writeVarint(bytes, at + name.length, value.length);
  bytes.set(value, at);
  return at + value.length;
}
