import { fromUtf8 } from '../../../base/bytes.js';
import { type BatchHeader, nextSequence } from '../../../wire/record-batch.js';
import type { RecordCursor } from '../../../wire/record-cursor.js';
import type { KafkaClient } from '../../kafka/client.js';
import { lastOfEachPartition } from '../../kafka/look-back.js';
import { topicRanges } from '../../kafka/offsets.js';
import type { FormerProducer } from '../../kafka/producer-id.js';
import { LOT_HEADERS } from './lot-headers.js';

/** Who wrote a batch, and what would follow it; the id is -1 where nobody said so. */
interface Writer {
  readonly id: number;
  readonly epoch: number;
  readonly nextSequence: number;
}

/** The last record of a source in one partition. */
export interface LastRecord {
  readonly lot: number;
  /** Its number in the file, or its place among the rows sent where that is another. */
  readonly place: number;
  readonly sha256: string;
  readonly writer: Writer;
}

/** The last closing record of a source in one partition. */
interface LastClosed {
  readonly lot: number;
  readonly writer: Writer;
}

/** How far a former replay came. */
export interface ResumePoint {
  /** By partition; partitions without a record of the source are left out. */
  readonly last: ReadonlyMap<number, LastRecord>;
  /** Last lot with a closing record, 0 when there is none. */
  readonly closedLot: number;
  /** Who sent what is there; undefined where nothing is, or nobody said who. */
  readonly producer: FormerProducer | undefined;
}

/**
 * What the topics hold of a source. Other writers' records between are passed over.
 * @param members names of the files in the records, where rows have an order of their own: their records carry places.
 * @throws `not-found`, `broker-unreachable`
 */
export async function findResumePoint(
  client: KafkaClient,
  topic: string,
  lotsTopic: string,
  source: string,
  members?: readonly string[],
): Promise<ResumePoint> {
  const names = new Set(members ?? [source]);
  const last = await lastOfEachPartition(client, topic, (cursor, batch) =>
    placeOf(cursor, batch, names, members !== undefined),
  );
  const closed = await lastOfEachPartition(client, lotsTopic, (cursor, batch) => closedLotOf(cursor, batch, source));
  const closedLot = Math.max(0, ...[...closed.values()].map(({ lot }) => lot));
  return {
    last,
    closedLot,
    producer: formerProducer(
      new Map([
        [topic, last],
        [lotsTopic, closed],
      ] as const),
      newest(last),
    ),
  };
}

/** The writer of the row that was sent last. */
function newest(last: ReadonlyMap<number, LastRecord>): Writer | undefined {
  return [...last.values()].toSorted((a, b) => a.lot - b.lot || a.place - b.place).at(-1)?.writer;
}

function formerProducer(
  topics: ReadonlyMap<string, ReadonlyMap<number, { readonly writer: Writer }>>,
  writer: Writer | undefined,
): FormerProducer | undefined {
  if (writer === undefined || writer.id < 0) return undefined;
  const { id, epoch } = writer;
  return {
    id: BigInt(id),
    epoch,
    nextSequence(topic, partition) {
      const there = topics.get(topic)?.get(partition)?.writer;
      return there !== undefined && there.id === id && there.epoch === epoch ? there.nextSequence : 0;
    },
  };
}

function writerOf(batch: BatchHeader): Writer {
  return { id: batch.producerId, epoch: batch.producerEpoch, nextSequence: nextSequence(batch) };
}

/** From look to look at a topic's ends. */
const LOOK_EVERY_MS = 250;
/** A topic that other writers never leave alone is not waited for any longer. */
const MAX_WAIT_MS = 10_000;

/**
 * Waits until nothing was added to a topic for `quietMs`: where nobody can be continued, what a replay that was killed had
 * sent may still be on its way through the broker, and must be counted as there.
 */
export async function awaitQuiet(client: KafkaClient, topic: string, quietMs: number): Promise<void> {
  const { clock } = client.edges;
  const beganMs = clock.elapsed();
  let sinceMs = beganMs;
  let before = '';
  while (clock.elapsed() - sinceMs < quietMs && clock.elapsed() - beganMs < MAX_WAIT_MS) {
    const ends = (await topicRanges(client, topic)).map(({ latest }) => latest).join();
    if (ends !== before) sinceMs = clock.elapsed();
    before = ends;
    await clock.sleep(Math.min(LOOK_EVERY_MS, quietMs));
  }
}

/** Where a record stands in a source; undefined when it comes from elsewhere. */
function placeOf(
  cursor: RecordCursor,
  batch: BatchHeader,
  names: ReadonlySet<string>,
  hasPlace: boolean,
): LastRecord | undefined {
  if (!cursor.hasHeaders) return undefined;
  const values = new Map(cursor.headers().map(({ key, value }) => [key, value === null ? '' : fromUtf8(value)]));
  if (!names.has(values.get(LOT_HEADERS.source) ?? '')) return undefined;
  const lot = Number(values.get(LOT_HEADERS.lot));
  if (values.has(LOT_HEADERS.place) !== hasPlace) return undefined;
  const place = Number(values.get(hasPlace ? LOT_HEADERS.place : LOT_HEADERS.row));
  if (!Number.isSafeInteger(lot) || !Number.isSafeInteger(place)) return undefined;
  return { lot, place, sha256: values.get(LOT_HEADERS.sha256) ?? '', writer: writerOf(batch) };
}

function closedLotOf(cursor: RecordCursor, batch: BatchHeader, source: string): LastClosed | undefined {
  const key = cursor.key();
  const value = cursor.value();
  if (key === null || value === null || fromUtf8(key) !== source) return undefined;
  try {
    const { lot } = JSON.parse(fromUtf8(value)) as { lot?: unknown };
    return Number.isSafeInteger(lot) ? { lot: lot as number, writer: writerOf(batch) } : undefined;
  } catch {
    return undefined;
  }
}
