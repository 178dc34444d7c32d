import { fromUtf8 } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { Schema, ValueType } from '../base/row-batch.js';
import type { Fetcher } from '../connect/kafka/contracts.js';
import type { TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import type { Connection } from './connection.js';
import { eachRecord } from './each-record.js';

/** Records that are looked at for the columns of a topic. */
export const SAMPLE_RECORDS = 1_000;
/** A number as JSON spells it. */
const NUMBER = /^ *-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)? *$/;
/** Longer texts of digits are codes, not numbers. */
const MAX_NUMBER_TEXT = 15;
/** How often it is looked whether there is nothing more to read. */
const WAIT_MS = 50;

/**
 * Learns the columns of a topic from its first records: JSON objects, of which every key is a column. Numbers are
 * `double`, or `bigint` where one is too large for a double to be exact; texts count as numbers where all of them are
 * spelled so (codes with leading zeros are not); a key with values of several kinds is `json`.
 * @param from where the partitions are read.
 * @param signal ends the wait for a first record; the columns are then none.
 * @throws `bad-data` when none of the records is a JSON object.
 */
export async function sampleColumns(
  connection: Connection,
  from: readonly TopicPartitionOffset[],
  signal: AbortSignal,
  wait: boolean,
): Promise<Schema> {
  const fetcher = connection.fetcher({ maxPartitionBytes: 256 * 1024, prefetchBytes: 1024 * 1024 });
  const kinds = new Map<string, Set<ValueType>>();
  let seen = 0;
  let objects = 0;
  fetcher.assign(from);
  try {
    while (seen < SAMPLE_RECORDS && !signal.aborted) {
      const fetched = await fetcher.next(WAIT_MS);
      if (fetched)
        eachRecord(fetched, connection.client.edges.compression, (cursor) => {
          const value = cursor.value();
          if (seen >= SAMPLE_RECORDS || value === null) return;
          seen++;
          if (learn(kinds, value)) objects++;
        });
      if ((seen > 0 || !wait) && from.every((one) => isReadUp(fetcher, one))) break;
    }
  } finally {
    await fetcher.close();
  }
  if (seen > 0 && objects === 0) {
    throw new StreamctlError('bad-data', `the records of topic "${from[0]?.topic ?? ''}" are no JSON objects`, {
      detail: `looked at the first ${seen}`,
      hint: 'windows need records such as {"model":"A1","price":12500}',
    });
  }
  return [...kinds].map(([name, types]) => ({ name, type: widest(types) }));
}

function isReadUp(fetcher: Fetcher, { topic, partition, offset }: TopicPartitionOffset): boolean {
  const end = fetcher.endOffset({ topic, partition });
  return end !== undefined && (fetcher.position({ topic, partition }) ?? offset) >= end;
}

function learn(kinds: Map<string, Set<ValueType>>, value: Uint8Array): boolean {
  const row = parse(value);
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return false;
  for (const [name, cell] of Object.entries(row)) {
    let types = kinds.get(name);
    if (!types) {
      types = new Set();
      kinds.set(name, types);
    }
    const type = typeOf(cell);
    if (type) types.add(type);
  }
  return true;
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(value));
  } catch {
    return undefined;
  }
}

function typeOf(cell: unknown): ValueType | undefined {
  switch (typeof cell) {
    case 'boolean':
      return 'boolean';
    case 'string':
      return NUMBER.test(cell) && cell.length <= MAX_NUMBER_TEXT ? 'double' : 'string';
    case 'number':
      return Number.isInteger(cell) && !Number.isSafeInteger(cell) && Math.abs(cell) < 2 ** 63 ? 'bigint' : 'double';
    case 'object':
      return cell === null ? undefined : 'json';
    default:
      return undefined;
  }
}

/** A column of nulls only counts as text; numbers among other texts are texts. */
function widest(types: ReadonlySet<ValueType>): ValueType {
  const [first, second] = types;
  if (first === undefined) return 'string';
  if (second === undefined) return first;
  if (types.size === 2 && types.has('string') && types.has('double')) return 'string';
  const numeric = [...types].every((type) => type === 'double' || type === 'bigint');
  return numeric ? 'bigint' : 'json';
}
