import type { Compression } from '../base/codec-interfaces.js';
import {
  BATCH_HEADER_BYTES,
  CONTROL_BIT,
  compressionOf,
  isControl,
  readBatchHeader,
  recordSection,
} from '../wire/record-batch.js';
import { RecordCursor } from '../wire/record-cursor.js';
import { inflatedBytesMax } from './batch-checks.js';
import type { PartitionLog } from './partition-log.js';

/** Positions in the head of a batch. */
const ATTRIBUTES_AT = 21;
const COUNT_AT = 57;

/** A record found by its time. */
export interface FoundRecord {
  readonly offset: number;
  readonly timestampMs: number;
}

/**
 * The first readable record before `limit` whose time is `timestampMs` or later.
 * @returns undefined when there is none.
 * @throws `log-corrupt` `bad-data` `limit-exceeded`
 */
export async function findByTime(
  partition: PartitionLog,
  timestampMs: number,
  limit: number,
  compression: Compression,
): Promise<FoundRecord | undefined> {
  let from = Math.max(partition.logStart, partition.log.offsetBefore(timestampMs));
  while (from < limit) {
    const batch = firstBatch(partition, from, limit, (maxTimestamp) => maxTimestamp >= timestampMs);
    if (!batch) return undefined;
    const found = await searchBatch(partition, batch.first, limit, compression, (time) => time >= timestampMs);
    if (found) return found;
    from = batch.next;
  }
  return undefined;
}

/** The record with the latest time before `limit`; the first of them when several share it. */
export async function findLatest(
  partition: PartitionLog,
  limit: number,
  compression: Compression,
): Promise<FoundRecord | undefined> {
  const { first, timestampMs } = latestBatch(partition, limit);
  return first < 0 ? undefined : searchBatch(partition, first, limit, compression, (time) => time >= timestampMs);
}

/** Where a batch begins, and its latest time; -1 for none. */
interface DatedBatch {
  readonly first: number;
  readonly timestampMs: number;
}

function latestBatch(partition: PartitionLog, limit: number): DatedBatch {
  const { log, logStart } = partition;
  const segments = log.segments.toSorted((a, b) => b.maxTimestamp - a.maxTimestamp || a.base - b.base);
  const latestMs = segments[0]?.maxTimestamp ?? -1;
  const indexed = latestIn(partition, Math.max(logStart, log.offsetBefore(latestMs)), limit, latestMs);
  if (indexed.timestampMs === latestMs) return indexed;
  // That time is a marker's, or of records out of reach: the heads of a segment are read, and of others that may have a later one.
  let found: DatedBatch = { first: -1, timestampMs: -1 };
  for (const { base, next, maxTimestamp } of segments) {
    if (maxTimestamp < found.timestampMs) break;
    const here = latestIn(partition, Math.max(logStart, base), Math.min(limit, next));
    const isEarlier = here.timestampMs === found.timestampMs && here.first < found.first;
    if (here.timestampMs > found.timestampMs || isEarlier) found = here;
  }
  return found;
}

/** @param enoughMs a time at which the first batch will do */
function latestIn(
  partition: PartitionLog,
  from: number,
  limit: number,
  enoughMs = Number.POSITIVE_INFINITY,
): DatedBatch {
  let found: DatedBatch = { first: -1, timestampMs: -1 };
  partition.log.walk(from, limit, (bytes, at, { first, maxTimestamp }) => {
    if (maxTimestamp > found.timestampMs && hasRecords(bytes, at)) found = { first, timestampMs: maxTimestamp };
    return maxTimestamp >= enoughMs ? false : undefined;
  });
  return found;
}

/** Whether the batch that begins at `at` holds records of clients: no marker, and not emptied by compaction. */
function hasRecords(bytes: Uint8Array, at: number): boolean {
  const isMarker = (bytes[at + ATTRIBUTES_AT + 1]! & CONTROL_BIT) !== 0;
  return !isMarker && bytes.subarray(at + COUNT_AT, at + BATCH_HEADER_BYTES).some((byte) => byte !== 0);
}

function firstBatch(
  partition: PartitionLog,
  from: number,
  limit: number,
  wanted: (maxTimestamp: number) => boolean,
): { first: number; next: number } | undefined {
  let found: { first: number; next: number } | undefined;
  partition.log.walk(from, limit, (_bytes, _at, frame) => {
    if (!wanted(frame.maxTimestamp)) return undefined;
    found = { first: frame.first, next: frame.last + 1 };
    return false;
  });
  return found;
}

async function searchBatch(
  partition: PartitionLog,
  first: number,
  limit: number,
  compression: Compression,
  wanted: (timestampMs: number) => boolean,
): Promise<FoundRecord | undefined> {
  const { bytes } = partition.read(first, 1, limit, true);
  if (bytes.length === 0) return undefined;
  const header = readBatchHeader(bytes);
  if (isControl(header)) return undefined;
  await compression.prepare(compressionOf(header));
  const cursor = new RecordCursor();
  cursor.open(header, recordSection(bytes, header, compression, inflatedBytesMax(header.end - header.start)));
  while (cursor.next()) {
    if (cursor.offset >= partition.logStart && wanted(cursor.timestampMs)) {
      return { offset: cursor.offset, timestampMs: cursor.timestampMs };
    }
  }
  return undefined;
}
