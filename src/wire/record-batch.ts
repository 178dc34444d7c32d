import { COMPRESSION_NAMES, type Compression, type CompressionName } from '../base/codec-interfaces.js';
import { crc32c } from '../base/crc32c.js';
import { malformed } from './reader.js';
import { int16At, int32At, int64At, putInt16, putInt32, putInt64 } from './varint.js';

/** Bytes from the base offset to the record count: every batch is at least this long. */
export const BATCH_HEADER_BYTES = 61;
/** Bytes that say how long a batch is: base offset and length. */
export const BATCH_SIZE_PREFIX_BYTES = 12;
/** Least bytes of one record. */
export const MIN_RECORD_BYTES = 7;
/** The only record format that is read and written. */
export const MAGIC = 2;

const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const MAX_TIMESTAMP_AT = 35;

const COMPRESSION_MASK = 0x07;
const APPEND_TIME_BIT = 0x08;
/** Attribute bit of batches inside a transaction. */
export const TRANSACTIONAL_BIT = 0x10;
/** Attribute bit of batches whose records are markers for the brokers and clients. */
export const CONTROL_BIT = 0x20;

/**
 * The header of a record batch (format 2) that lies in a larger array.
 *
 * int64 fields are numbers, exact within +-2^53; larger ones only come from hostile or foreign data and stay unequal
 * to every id and offset given out here.
 * @see KIP-98
 */
export interface BatchHeader {
  /** Where the batch begins in its array. */
  readonly start: number;
  /** Where it ends, exclusive. */
  readonly end: number;
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  readonly crc: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  /** -1: none. */
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1: none. */
  readonly baseSequence: number;
  readonly recordCount: number;
}

/** Codec of the batch's records. @throws `malformed-frame` for a codec that does not exist. */
export function compressionOf(header: BatchHeader): CompressionName {
  const name = COMPRESSION_NAMES[header.attributes & COMPRESSION_MASK];
  if (name === undefined) throw malformed(`unknown compression ${header.attributes & COMPRESSION_MASK}`, header.start);
  return name;
}

/** Whether the batch belongs to a transaction. */
export function isTransactional(header: BatchHeader): boolean {
  return (header.attributes & TRANSACTIONAL_BIT) !== 0;
}

/** Whether the batch holds markers instead of data. */
export function isControl(header: BatchHeader): boolean {
  return (header.attributes & CONTROL_BIT) !== 0;
}

/** Whether the broker's clock gave all records of the batch their time. */
export function hasAppendTime(header: BatchHeader): boolean {
  return (header.attributes & APPEND_TIME_BIT) !== 0;
}

/** Offset after the batch's last record. */
export function nextOffset(header: BatchHeader): number {
  return header.baseOffset + header.lastOffsetDelta + 1;
}

/** Sequence number after the batch's last record; they wrap at 2^31. */
export function nextSequence(header: BatchHeader): number {
  return (header.baseSequence + header.lastOffsetDelta + 1) % 2 ** 31;
}

/**
 * Length in bytes of the batch that begins at `at`, from its first twelve bytes; the batch need not be complete.
 * @returns undefined when those bytes are not there.
 * @throws `malformed-frame` when the length is shorter than a header.
 */
export function batchBytesAt(bytes: Uint8Array, at: number, end = bytes.length): number | undefined {
  if (end - at < BATCH_SIZE_PREFIX_BYTES) return undefined;
  const length = int32At(bytes, at + 8) + BATCH_SIZE_PREFIX_BYTES;
  if (length < BATCH_HEADER_BYTES) throw malformed(`a record batch of ${length} bytes`, at);
  return length;
}

/**
 * Reads and checks the header of the complete batch at `at`; its checksum is checked by {@link hasRightCrc}.
 * @throws `malformed-frame` when the batch does not fit, has another format or counts that cannot be.
 */
export function readBatchHeader(bytes: Uint8Array, at = 0, end = bytes.length): BatchHeader {
  const length = batchBytesAt(bytes, at, end);
  if (length === undefined || length > end - at) throw malformed(`a record batch of ${length ?? 'unknown'} bytes`, at);
  const magic = bytes[at + 16]!;
  if (magic !== MAGIC) throw malformed(`a record batch of format ${magic}`, at);
  const header: BatchHeader = {
    start: at,
    end: at + length,
    baseOffset: int64At(bytes, at),
    leaderEpoch: int32At(bytes, at + 12),
    crc: int32At(bytes, at + CRC_AT) >>> 0,
    attributes: int16At(bytes, at + ATTRIBUTES_AT),
    lastOffsetDelta: int32At(bytes, at + 23),
    baseTimestampMs: int64At(bytes, at + 27),
    maxTimestampMs: int64At(bytes, at + MAX_TIMESTAMP_AT),
    producerId: int64At(bytes, at + 43),
    producerEpoch: int16At(bytes, at + 51),
    baseSequence: int32At(bytes, at + 53),
    recordCount: int32At(bytes, at + 57),
  };
  checkCounts(header);
  return header;
}

function checkCounts(header: BatchHeader): void {
  const { recordCount, lastOffsetDelta, start, end } = header;
  // Compaction leaves gaps between offsets, never more records than offsets.
  if (recordCount < 0 || lastOffsetDelta < 0 || recordCount > lastOffsetDelta + 1) {
    throw malformed(`a record batch of ${recordCount} records over ${lastOffsetDelta + 1} offsets`, start);
  }
  const isPlain = (header.attributes & COMPRESSION_MASK) === 0;
  if (isPlain && recordCount * MIN_RECORD_BYTES > end - start - BATCH_HEADER_BYTES) {
    throw malformed(`a record batch of ${recordCount} records in ${end - start} bytes`, start);
  }
}

/** Whether the batch's checksum is that of its bytes. */
export function hasRightCrc(bytes: Uint8Array, header: BatchHeader): boolean {
  return crc32c(bytes, header.start + ATTRIBUTES_AT, header.end) === header.crc;
}

/**
 * The batches of a `records` field that must hold whole batches only, as producers send them.
 * @throws `malformed-frame`
 */
export function readBatches(records: Uint8Array): BatchHeader[] {
  const headers: BatchHeader[] = [];
  for (let at = 0; at < records.length; at = headers.at(-1)!.end) headers.push(readBatchHeader(records, at));
  return headers;
}

/**
 * The complete batches of a `records` field that may end in the middle of one, as fetch responses do.
 * @throws `malformed-frame` when a complete one is damaged.
 */
export function readCompleteBatches(records: Uint8Array): BatchHeader[] {
  const headers: BatchHeader[] = [];
  for (let at = 0; ; ) {
    const length = batchBytesAt(records, at);
    if (length === undefined || length > records.length - at) return headers;
    headers.push(readBatchHeader(records, at));
    at += length;
  }
}

/** Gives the batch at `at` its place in the log. Both fields lie outside the checksum. */
export function patchBatch(bytes: Uint8Array, at: number, baseOffset: number, leaderEpoch: number): void {
  putInt64(bytes, at, baseOffset);
  putInt32(bytes, at + 12, leaderEpoch);
}

/** Gives all records of the batch the broker's time and sets the checksum anew. */
export function stampAppendTime(bytes: Uint8Array, header: BatchHeader, timestampMs: number): void {
  const { start, end } = header;
  putInt16(bytes, start + ATTRIBUTES_AT, header.attributes | APPEND_TIME_BIT);
  putInt64(bytes, start + MAX_TIMESTAMP_AT, timestampMs);
  putInt32(bytes, start + CRC_AT, crc32c(bytes, start + ATTRIBUTES_AT, end));
}

/**
 * The batch's records in plain form: a view when they are not compressed, else new bytes.
 * @param maxBytes bound of the result.
 * @throws `bad-data` `limit-exceeded` when they cannot be inflated within the bound, `malformed-frame`.
 */
export function recordSection(
  bytes: Uint8Array,
  header: BatchHeader,
  compression: Compression,
  maxBytes: number,
): Uint8Array {
  const section = bytes.subarray(header.start + BATCH_HEADER_BYTES, header.end);
  const name = compressionOf(header);
  return name === 'none' ? section : compression.decompress(name, section, maxBytes);
}
