import { fromUtf8 } from '../../../base/bytes.js';
import type { RecordCursor } from '../../../wire/record-cursor.js';
import type { KafkaClient } from '../../kafka/client.js';
import { lastOfEachPartition } from '../../kafka/look-back.js';
import { LOT_HEADERS } from './lot-headers.js';

/** The last record of a source in one partition. */
export interface LastRecord {
  readonly lot: number;
  readonly row: number;
  readonly sha256: string;
}

/** How far a former replay came. */
export interface ResumePoint {
  /** By partition; partitions without a record of the source are left out. */
  readonly last: ReadonlyMap<number, LastRecord>;
  /** Last lot with a closing record, 0 when there is none. */
  readonly closedLot: number;
}

/**
 * What the topics hold of a source. Other writers' records between are passed over.
 * @throws `not-found`, `broker-unreachable`
 */
export async function findResumePoint(
  client: KafkaClient,
  topic: string,
  lotsTopic: string,
  source: string,
): Promise<ResumePoint> {
  const last = await lastOfEachPartition(client, topic, (cursor) => placeOf(cursor, source));
  const closed = await lastOfEachPartition(client, lotsTopic, (cursor) => closedLotOf(cursor, source));
  return { last, closedLot: Math.max(0, ...closed.values()) };
}

/** Where a record stands in `source`; undefined when it comes from elsewhere. */
function placeOf(cursor: RecordCursor, source: string): LastRecord | undefined {
  if (!cursor.hasHeaders) return undefined;
  const values = new Map(cursor.headers().map(({ key, value }) => [key, value === null ? '' : fromUtf8(value)]));
  if (values.get(LOT_HEADERS.source) !== source) return undefined;
  const lot = Number(values.get(LOT_HEADERS.lot));
  const row = Number(values.get(LOT_HEADERS.row));
  if (!Number.isSafeInteger(lot) || !Number.isSafeInteger(row)) return undefined;
  return { lot, row, sha256: values.get(LOT_HEADERS.sha256) ?? '' };
}

function closedLotOf(cursor: RecordCursor, source: string): number | undefined {
  const key = cursor.key();
  const value = cursor.value();
  if (key === null || value === null || fromUtf8(key) !== source) return undefined;
  try {
    const { lot } = JSON.parse(fromUtf8(value)) as { lot?: unknown };
    return Number.isSafeInteger(lot) ? (lot as number) : undefined;
  } catch {
    return undefined;
  }
}
