import { StreamctlError } from '../../base/errors.js';
import { type BatchHeader, recordSection } from '../../wire/record-batch.js';
import { RecordCursor } from '../../wire/record-cursor.js';
import type { KafkaClient } from './client.js';
import { dataBatches } from './data-batches.js';
import { PartitionFetcher } from './fetcher.js';
import type { FetchedRecords } from './interfaces.js';
import { topicRanges } from './offsets.js';

/** First look back from a partition's end, in records; each further look is four times as far. */
const FIRST_LOOK = 256;
const MAX_BATCH_BYTES = 256 * 1024 * 1024;
const FETCH_WAIT_MS = 1_000;
const MAX_SILENCE_MS = 30_000;

interface Stretch {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/** Makes something of a record, or passes it over. */
type ReadRecord<T> = (cursor: RecordCursor, batch: BatchHeader) => T | undefined;

/**
 * The last record of each partition that `read` makes something of; partitions without one are left out. Reads backwards
 * from the ends, so that a record near the end is found at once however long the topic is.
 * @throws `not-found`, `broker-unreachable`
 */
export async function lastOfEachPartition<T>(
  client: KafkaClient,
  topic: string,
  read: ReadRecord<T>,
): Promise<ReadonlyMap<number, T>> {
  const found = new Map<number, T>();
  for (const { partition, earliest, latest } of await topicRanges(client, topic)) {
    let end = latest;
    for (let look = FIRST_LOOK; end > earliest; look *= 4) {
      const start = Math.max(earliest, end - look);
      const last = await lastBetween(client, { topic, partition, start, end }, read);
      if (last !== undefined) {
        found.set(partition, last);
        break;
      }
      end = start;
    }
  }
  return found;
}

async function lastBetween<T>(
  client: KafkaClient,
  { topic, partition, start, end }: Stretch,
  read: ReadRecord<T>,
): Promise<T | undefined> {
  const fetcher = new PartitionFetcher(client, { onOffsetGone: 'earliest' });
  fetcher.assign([{ topic, partition, offset: start }]);
  let last: T | undefined;
  let silentMs = 0;
  try {
    while (fetcher.position({ topic, partition })! < end) {
      const fetched = await fetcher.next(FETCH_WAIT_MS);
      silentMs = fetched ? 0 : silentMs + FETCH_WAIT_MS;
      if (fetched) last = lastOf(client, fetched, end, read) ?? last;
      if (silentMs < MAX_SILENCE_MS) continue;
      const seconds = MAX_SILENCE_MS / 1000;
      throw new StreamctlError(
        'broker-unreachable',
        `topic "${topic}", partition ${partition} gave no records for ${seconds} s`,
      );
    }
  } finally {
    await fetcher.close();
  }
  return last;
}

function lastOf<T>(client: KafkaClient, fetched: FetchedRecords, end: number, read: ReadRecord<T>): T | undefined {
  const { compression } = client.edges;
  const cursor = new RecordCursor();
  let last: T | undefined;
  for (const header of dataBatches(fetched, compression)) {
    cursor.open(header, recordSection(fetched.records, header, compression, MAX_BATCH_BYTES));
    while (cursor.next()) {
      if (cursor.offset >= fetched.fromOffset && cursor.offset < end) last = read(cursor, header) ?? last;
    }
  }
  return last;
}
