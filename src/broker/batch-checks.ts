import type { Compression } from '../base/codec-interfaces.js';
import { StreamctlError } from '../base/errors.js';
import type { KafkaErrorName } from '../wire/error-codes.js';
import { type BatchHeader, hasRightCrc, isControl, readBatchHeader, recordSection } from '../wire/record-batch.js';
import { RecordCursor } from '../wire/record-cursor.js';
import type { LogSettings } from './topic-configs.js';

/** A batch may inflate to this size whatever its own. */
const INFLATED_BYTES_FREE = 16 << 20;
/** A larger batch may inflate to this multiple of its size. */
const INFLATED_RATIO_MAX = 16;
const INFLATED_BYTES_MAX = 64 << 20;

/** Largest size to which the records of a batch may inflate where the broker has to look inside. */
export function inflatedBytesMax(batchBytes: number): number {
  return Math.min(INFLATED_BYTES_MAX, Math.max(INFLATED_BYTES_FREE, batchBytes * INFLATED_RATIO_MAX));
}

/** Why records are not accepted. */
export interface Refusal {
  readonly error: KafkaErrorName;
  readonly message: string;
  /** Positions of the records at fault. */
  readonly records?: readonly number[];
}

/** The header of acceptable records, or why they are not. */
export type CheckedBatch = { readonly header: BatchHeader } | { readonly refusal: Refusal };

function refused(error: KafkaErrorName, message: string, records?: readonly number[]): CheckedBatch {
  return { refusal: records ? { error, message, records } : { error, message } };
}

/**
 * What must hold for records before they enter a log, as far as the bytes tell: one whole batch of format 2 with the
 * right checksum, no markers, no larger and no older than the topic allows.
 */
export function checkBatch(records: Uint8Array | null, settings: LogSettings, nowMs: number): CheckedBatch {
  if (!records || records.length === 0)
    return refused('INVALID_RECORD', 'a produce request needs one batch per partition');
  let header: BatchHeader;
  try {
    header = readBatchHeader(records);
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    return refused('CORRUPT_MESSAGE', error.message);
  }
  if (header.end !== records.length) {
    return refused('INVALID_RECORD', 'a produce request has room for one batch per partition');
  }
  if (!hasRightCrc(records, header)) return refused('CORRUPT_MESSAGE', 'the checksum of the batch does not hold');
  if (isControl(header)) return refused('INVALID_RECORD', 'Clients are not allowed to write control records');
  if (header.recordCount !== header.lastOffsetDelta + 1 || header.recordCount === 0) {
    return refused('INVALID_RECORD', `${header.recordCount} records do not fill ${header.lastOffsetDelta + 1} offsets`);
  }
  return checkLimits(records, header, settings, nowMs);
}

function checkLimits(records: Uint8Array, header: BatchHeader, settings: LogSettings, nowMs: number): CheckedBatch {
  const { length } = records;
  if (length > settings.maxMessageBytes) {
    const limit = `exceeds the maximum configured size of ${settings.maxMessageBytes}`;
    return refused('MESSAGE_TOO_LARGE', `The record batch size is ${length} bytes, which ${limit}`);
  }
  if (length > settings.segmentBytes) {
    return refused('RECORD_LIST_TOO_LARGE', `a batch of ${length} bytes is larger than a segment`);
  }
  if (!settings.appendTime) {
    const { maxTimestampMs, baseTimestampMs } = header;
    const known = maxTimestampMs >= 0;
    if (known && maxTimestampMs - nowMs > settings.timestampAfterMs) {
      return refused('INVALID_TIMESTAMP', `Timestamp ${maxTimestampMs} lies too far in the future`);
    }
    if (known && nowMs - Math.min(baseTimestampMs, maxTimestampMs) > settings.timestampBeforeMs) {
      return refused('INVALID_TIMESTAMP', `Timestamp ${baseTimestampMs} lies too far in the past`);
    }
  }
  return { header };
}

/** The records of a batch for a compacted topic must have keys. The codec has to be prepared. */
export function checkKeys(records: Uint8Array, header: BatchHeader, compression: Compression): Refusal | undefined {
  const cursor = new RecordCursor();
  const wrong: number[] = [];
  try {
    cursor.open(header, recordSection(records, header, compression, inflatedBytesMax(records.length)));
    for (let position = 0; cursor.next(); position++) if (cursor.keyStart < 0) wrong.push(position);
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    return { error: 'CORRUPT_MESSAGE', message: error.message };
  }
  if (wrong.length === 0) return undefined;
  const message = 'Compacted topic cannot accept message without key';
  return { error: 'INVALID_RECORD', message, records: wrong };
}
