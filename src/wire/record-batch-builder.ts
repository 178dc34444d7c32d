import { assert } from '../base/assert.js';
import { type ByteSpan, copySpan } from '../base/byte-span.js';
import { utf8 } from '../base/bytes.js';
import { COMPRESSION_NAMES, type Compression, type CompressionName } from '../base/codec-interfaces.js';
import { crc32c } from '../base/crc32c.js';
import { integerSize, writeInteger } from '../base/decimal-digits.js';
import { BATCH_HEADER_BYTES, BATCH_SIZE_PREFIX_BYTES, CONTROL_BIT, MAGIC, TRANSACTIONAL_BIT } from './record-batch.js';
import type { RecordHeader } from './record-cursor.js';
import { putInt16, putInt32, putInt64, varintSize, varlongSize, writeVarint, writeVarlong } from './varint.js';

/** Most bytes that stand around key, value and headers in one record: five lengths, time and attributes. */
const RECORD_OVERHEAD_BYTES = 5 + 1 + 10 + 5 + 5 + 5;
/** The same for a record of a run, with the number at its end. */
const RUN_RECORD_BYTES = RECORD_OVERHEAD_BYTES + 17;
/** Records of a run that are added at once. */
const PIECE_RECORDS = 128;
const FIRST_BUFFER_BYTES = 16_384;
/** Spans are copied four bytes at a time. */
const SPAN_SLACK_BYTES = 3;
/** Buffers kept for the next batches. */
const MAX_SPARE_BUFFERS = 8;
/** The length of a key that is not there, -1 in zigzag form. */
const NO_KEY = 1;
const EMPTY = new Uint8Array(0);
const EMPTY_VIEW = new DataView(EMPTY.buffer);
/** The headers section of a record without headers. */
const NO_HEADERS = new Uint8Array(1);

/** What a batch says about its producer; all fields may be left out. */
export interface BatchOptions {
  /** -1: none. */
  readonly producerId?: number | bigint;
  readonly producerEpoch?: number;
  /** -1: none. */
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
  /** How to compress the records; `name` must have been prepared. */
  readonly compression?: { readonly name: CompressionName; readonly codec: Compression };
}

/**
 * Texts that follow each other in one array, as records without keys. All have the same headers, but for the value of the
 * last one: a number of each record's own.
 */
export interface RecordRun {
  readonly count: number;
  /** The values, one byte between them. */
  readonly bytes: Uint8Array;
  /** Where value `i` ends; it begins one past the end of the one before, the first at 0. */
  readonly ends: Int32Array;
  /** What the headers begin with, as {@link encodeHeaders} gives them: all up to the name of the last. */
  readonly headers: Uint8Array;
  /** Values of the last header: whole numbers from 0 on, written in decimal digits. */
  readonly numbers: Float64Array;
}

/** Collects records into one batch (format 2). Can be used again after {@link finish}. */
export class RecordBatchBuilder {
  readonly #firstBytes: number;
  #buffer: Uint8Array = EMPTY;
  #view: DataView = EMPTY_VIEW;
  readonly #spare: ArrayBufferLike[] = [];
  #at = BATCH_HEADER_BYTES;
  #count = 0;
  #baseTimestampMs = 0;
  #maxTimestampMs = 0;

  /** @param expectedBytes size of each batch's first buffer; it grows when needed. */
  constructor(expectedBytes = FIRST_BUFFER_BYTES) {
    this.#firstBytes = expectedBytes;
  }

  /** Records added since the last {@link finish}. */
  get recordCount(): number {
    return this.#count;
  }

  /** Bytes of the batch so far, before compression. */
  get sizeBytes(): number {
    return this.#at;
  }

  /**
   * Adds one record.
   * @param headers as {@link encodeHeaders} gives them; left out: none.
   */
  append(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Uint8Array = NO_HEADERS,
  ): void {
    this.#stamp(timestampMs);
    const keyBytes = key === null ? 0 : key.length;
    const valueBytes = value === null ? 0 : value.length;
    this.#reserve(keyBytes + valueBytes + headers.length + RECORD_OVERHEAD_BYTES);
    const delta = timestampMs - this.#baseTimestampMs;
    const keyLength = key === null ? -1 : keyBytes;
    const valueLength = value === null ? -1 : valueBytes;
    const length =
      1 +
      varlongSize(delta) +
      varintSize(this.#count) +
      varintSize(keyLength) +
      keyBytes +
      varintSize(valueLength) +
      valueBytes +
      headers.length;
    const buffer = this.#buffer;
    let at = writeVarint(buffer, this.#at, length);
    buffer[at++] = 0;
    at = writeVarlong(buffer, at, delta);
    at = writeVarint(buffer, at, this.#count);
    at = writeVarint(buffer, at, keyLength);
    if (keyBytes > 0) buffer.set(key!, at);
    at = writeVarint(buffer, at + keyBytes, valueLength);
    if (valueBytes > 0) buffer.set(value!, at);
    at += valueBytes;
    if (headers.length === 1) buffer[at] = headers[0]!;
    else buffer.set(headers, at);
    this.#at = at + headers.length;
    this.#count++;
  }

  /**
   * Adds one record whose value and headers are stretches of larger arrays: no view is made per record.
   * @param headers as {@link encodeHeaders} gives them.
   */
  appendSpans(timestampMs: number, key: Uint8Array | null, value: ByteSpan, headers: ByteSpan): void {
    this.#stamp(timestampMs);
    const keyBytes = key === null ? 0 : key.length;
    const valueBytes = value.end - value.start;
    const headerBytes = headers.end - headers.start;
    this.#reserve(keyBytes + valueBytes + headerBytes + RECORD_OVERHEAD_BYTES + SPAN_SLACK_BYTES);
    const delta = timestampMs - this.#baseTimestampMs;
    const keyLength = key === null ? -1 : keyBytes;
    const length =
      1 +
      varlongSize(delta) +
      varintSize(this.#count) +
      varintSize(keyLength) +
      keyBytes +
      varintSize(valueBytes) +
      valueBytes +
      headerBytes;
    const buffer = this.#buffer;
    let at = writeVarint(buffer, this.#at, length);
    buffer[at++] = 0;
    at = writeVarlong(buffer, at, delta);
    at = writeVarint(buffer, at, this.#count);
    at = writeVarint(buffer, at, keyLength);
    if (keyBytes > 0) buffer.set(key!, at);
    at = writeVarint(buffer, at + keyBytes, valueBytes);
    at = copySpan(buffer, this.#view, at, value);
    this.#at = copySpan(buffer, this.#view, at, headers);
    this.#count++;
  }

  /**
   * Adds records of `run` from number `from` on, until its end, or until the next one would make the batch larger than
   * `maxBytes`. The first one is always added.
   * @returns the number of the record to go on with.
   */
  appendRun(timestampMs: number, run: RecordRun, from: number, maxBytes: number): number {
    this.#stamp(timestampMs);
    let index = from;
    do {
      let to = Math.min(run.count, index + PIECE_RECORDS);
      while (to - index > 1 && this.#at + pieceRoom(run, index, to) > maxBytes) to = (index + to) >> 1;
      this.#appendPiece(timestampMs - this.#baseTimestampMs, run, index, to);
      index = to;
    } while (index < run.count && this.#at + runBytes(run, index) <= maxBytes);
    return index;
  }

  /**
   * Adds records `from` to `to` of `run`. Their values are copied all at once, to behind the room that the records take, from
   * where each moves down to its place, which never reaches one that has still to move. This spares each a view or a loop.
   */
  #appendPiece(delta: number, run: RecordRun, from: number, to: number): void {
    const { ends, headers, numbers } = run;
    const first = runStart(run, from);
    const values = run.bytes.subarray(first, ends[to - 1]!);
    const room = pieceRoom(run, from, to);
    this.#reserve(room);
    const buffer = this.#buffer;
    let at = this.#at;
    const held = at + room - values.length;
    buffer.set(values, held);
    const shift = held - first;
    const fixedBytes = 2 + varlongSize(delta) + headers.length + 1;
    let start = first;
    for (let index = from; index < to; index++) {
      const end = ends[index]!;
      const valueBytes = end - start;
      const number = numbers[index]!;
      const digits = integerSize(number);
      const lengths = varintSize(this.#count) + varintSize(valueBytes);
      at = writeVarint(buffer, at, fixedBytes + lengths + valueBytes + digits);
      buffer[at++] = 0;
      at = writeVarlong(buffer, at, delta);
      at = writeVarint(buffer, at, this.#count++);
      buffer[at++] = NO_KEY;
      at = writeVarint(buffer, at, valueBytes);
      buffer.copyWithin(at, start + shift, end + shift);
      at += valueBytes;
      buffer.set(headers, at);
      at += headers.length;
      // A length of up to 63 in zigzag form.
      buffer[at++] = digits << 1;
      at = writeInteger(buffer, at, number);
      start = end + 1;
    }
    this.#at = at;
  }

  /** Gives back a batch that {@link finish} returned and that nobody needs any more: its memory is used again. */
  recycle(batch: Uint8Array): void {
    if (this.#spare.length < MAX_SPARE_BUFFERS && batch.buffer.byteLength >= this.#firstBytes)
      this.#spare.push(batch.buffer);
  }

  #stamp(timestampMs: number): void {
    if (this.#count === 0) {
      this.#baseTimestampMs = timestampMs;
      this.#maxTimestampMs = timestampMs;
    } else if (timestampMs > this.#maxTimestampMs) {
      this.#maxTimestampMs = timestampMs;
    }
  }

  /**
   * The finished batch; the builder is empty afterwards and keeps no hold on the bytes.
   * @throws `internal` when no record was added; what the compression throws.
   */
  finish(options: BatchOptions = {}): Uint8Array {
    assert(this.#count > 0, 'a record batch without records');
    const { compression } = options;
    let batch = this.#buffer.subarray(0, this.#at);
    let codec = 0;
    if (compression !== undefined && compression.name !== 'none') {
      const packed = compression.codec.compress(compression.name, batch.subarray(BATCH_HEADER_BYTES));
      batch = new Uint8Array(BATCH_HEADER_BYTES + packed.length);
      batch.set(packed, BATCH_HEADER_BYTES);
      codec = COMPRESSION_NAMES.indexOf(compression.name);
    } else {
      this.#buffer = EMPTY;
      this.#view = EMPTY_VIEW;
    }
    const attributes = codec | (options.transactional ? TRANSACTIONAL_BIT : 0) | (options.control ? CONTROL_BIT : 0);
    this.#writeHeader(batch, attributes, options);
    this.#at = BATCH_HEADER_BYTES;
    this.#count = 0;
    return batch;
  }

  #writeHeader(batch: Uint8Array, attributes: number, options: BatchOptions): void {
    putInt64(batch, 0, options.baseOffset ?? 0);
    putInt32(batch, 8, batch.length - BATCH_SIZE_PREFIX_BYTES);
    putInt32(batch, 12, options.leaderEpoch ?? -1);
    batch[16] = MAGIC;
    putInt16(batch, 21, attributes);
    putInt32(batch, 23, this.#count - 1);
    putInt64(batch, 27, this.#baseTimestampMs);
    putInt64(batch, 35, this.#maxTimestampMs);
    putInt64(batch, 43, Number(options.producerId ?? -1));
    putInt16(batch, 51, options.producerEpoch ?? -1);
    putInt32(batch, 53, options.baseSequence ?? -1);
    putInt32(batch, 57, this.#count);
    putInt32(batch, 17, crc32c(batch, 21));
  }

  #reserve(bytes: number): void {
    const wanted = this.#at + bytes;
    if (wanted <= this.#buffer.length) return;
    const spare = wanted <= this.#firstBytes ? this.#spare.pop() : undefined;
    const size = Math.max(wanted, this.#firstBytes, this.#buffer.length * 2);
    const grown = spare ? new Uint8Array(spare) : new Uint8Array(size);
    grown.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Bytes of value and headers of record `index` of `run`. */
export function runBytes(run: RecordRun, index: number): number {
  const { ends, headers, numbers } = run;
  return ends[index]! - runStart(run, index) + headers.length + 1 + integerSize(numbers[index]!);
}

function runStart({ ends }: RecordRun, index: number): number {
  return index === 0 ? 0 : ends[index - 1]! + 1;
}

/** What records `from` to `to` of `run` take at most. */
function pieceRoom(run: RecordRun, from: number, to: number): number {
  return run.ends[to - 1]! - runStart(run, from) + (to - from) * (run.headers.length + RUN_RECORD_BYTES);
}

/** The headers section of a record: the number of headers, then each of them. */
export function encodeHeaders(headers: readonly RecordHeader[]): Uint8Array {
  const keys = headers.map((header) => utf8(header.key));
  let size = 5;
  for (let i = 0; i < keys.length; i++) size += 10 + keys[i]!.length + (headers[i]!.value?.length ?? 0);
  const bytes = new Uint8Array(size);
  let at = writeVarint(bytes, 0, headers.length);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const value = headers[i]!.value;
    at = writeVarint(bytes, at, key.length);
    bytes.set(key, at);
    at = writeVarint(bytes, at + key.length, value === null ? -1 : value.length);
    if (value !== null) {
      bytes.set(value, at);
      at += value.length;
    }
  }
  return bytes.subarray(0, at);
}

/**
 * The batch that ends a transaction in one partition.
 * @see KIP-98
 */
export function transactionMarker(
  type: 'commit' | 'abort',
  producerId: number | bigint,
  producerEpoch: number,
  coordinatorEpoch: number,
  timestampMs: number,
): Uint8Array {
  const key = new Uint8Array(4);
  putInt16(key, 2, type === 'commit' ? 1 : 0);
  const value = new Uint8Array(6);
  putInt32(value, 2, coordinatorEpoch);
  const builder = new RecordBatchBuilder(128);
  builder.append(timestampMs, key, value);
  return builder.finish({ producerId, producerEpoch, transactional: true, control: true });
}
