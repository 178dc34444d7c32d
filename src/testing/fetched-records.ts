import { utf8 } from '../base/bytes.js';
import type { FetchedRecords } from '../connect/kafka/interfaces.js';
import { encodeHeaders, RecordBatchBuilder } from '../wire/record-batch-builder.js';
import type { FedRecord } from './test-case.js';

/**
 * Records as a broker would give them.
 * @param fromOffset offset of the first one. @param nowMs timestamp of those without one of their own.
 */
export function fetchedRecords(
  records: readonly FedRecord[],
  { topic, partition }: { readonly topic: string; readonly partition: number },
  fromOffset: number,
  nowMs: number,
): FetchedRecords {
  const builder = new RecordBatchBuilder(1024);
  for (const { key, text, headers, timestampMs = nowMs } of records) {
    const pairs = Object.entries(headers).map(([name, value]) => ({ key: name, value: utf8(value) }));
    const section = pairs.length > 0 ? encodeHeaders(pairs) : undefined;
    builder.append(timestampMs, key === null ? null : utf8(key), utf8(text), section);
  }
  const nextOffset = fromOffset + records.length;
  return {
    topic,
    partition,
    records: builder.finish({ baseOffset: fromOffset }),
    fromOffset,
    nextOffset,
    highWatermark: nextOffset,
    lastStableOffset: nextOffset,
    logStartOffset: 0,
    aborted: [],
  };
}
