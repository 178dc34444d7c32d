import { fromUtf8 } from '../base/bytes.js';
import type { Compression } from '../base/codec-interfaces.js';
import { makeVector } from '../base/row-batch.js';
import { JsonObjectReader } from '../connect/codecs/json-object-reader.js';
import type { Fetcher } from '../connect/kafka/contracts.js';
import type { FetchedRecords, TopicPartition } from '../connect/kafka/interfaces.js';
import type { ReferenceRows } from '../engine/job.js';
import type { Table } from '../plan/plan.js';
import type { Connection } from './connection.js';
import { eachRecord } from './each-record.js';
import type { TableLook } from './table-file.js';
import { badTableRow, MAX_TABLE_ROWS, tableRows, tableTooLarge } from './table-rows.js';

/** How long the broker is waited for while a table is read for the first time. */
const READ_WAIT_MS = 1_000;
/** How often new records are looked for. */
const LOOK_EVERY_MS = 200;
/** Batches that one look takes at most: rows of the pipeline wait meanwhile. */
const MAX_BATCHES_PER_LOOK = 64;
/** Making editions takes at most this share of the time, however large the table is. */
const REBUILD_SHARE = 0.1;

/** The newest record of a key. */
interface Newest {
  readonly partition: number;
  readonly value: Uint8Array;
}

/** Where a table in a topic is read. */
export interface TableTopicParts {
  readonly table: Table;
  readonly topic: string;
  readonly connection: Connection;
  readonly compression: Compression;
  /** Told of records that are no rows of the table: the key keeps the row it had. */
  readonly bad: (error: ReturnType<typeof badTableRow>) => void;
}

/** A compacted topic of JSON objects, followed live: the newest record of each key counts, one without a value takes it away. */
export class TableTopic {
  readonly #parts: TableTopicParts;
  readonly #newest = new Map<string, Newest>();
  readonly #check: JsonObjectReader;
  readonly #next = new Map<number, number>();
  #fetcher: Fetcher | undefined;
  #changed = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #buildAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: TableTopicParts) {
    this.#parts = parts;
    this.#check = new JsonObjectReader(parts.table.columns);
    this.#check.into(parts.table.columns.map(({ type }) => makeVector(type, 1)));
  }

  /** Reads the topic up to its present end. @throws `not-found`, `broker-unreachable`, `limit-exceeded` */
  async load(nowMs: number): Promise<ReferenceRows> {
    const { connection, topic } = this.#parts;
    const partitions: readonly TopicPartition[] = (await connection.partitions(topic)).map((partition) => ({
      topic,
      partition,
    }));
    const starts = await connection.offsets(partitions, 'start');
    const ends = await connection.offsets(partitions, 'end');
    const fetcher = connection.fetcher({ onOffsetGone: 'earliest' });
    this.#fetcher = fetcher;
    for (const { partition, offset } of starts) this.#next.set(partition, offset);
    fetcher.assign(starts);
    while (ends.some((end) => (fetcher.position(end) ?? 0) < end.offset)) {
      const fetched = await fetcher.next(READ_WAIT_MS);
      if (fetched) this.#take(fetched);
    }
    this.#lookedMs = nowMs;
    return this.#edition();
  }

  /** Takes what came since, and makes an edition of it. @param nowMs monotonic. @throws `broker-unreachable`, `not-found` */
  async look(nowMs: number): Promise<TableLook> {
    if (!this.#fetcher || nowMs - this.#lookedMs < LOOK_EVERY_MS) return undefined;
    this.#lookedMs = nowMs;
    for (let batches = 0; batches < MAX_BATCHES_PER_LOOK; batches++) {
      const fetched = await this.#fetcher.next(0);
      if (!fetched) break;
      this.#take(fetched);
    }
    if (!this.#changed) return 'same';
    if (nowMs < this.#buildAtMs) return undefined;
    const { clock } = this.#parts.connection.client.edges;
    const beganMs = clock.elapsed();
    const edition = this.#edition();
    this.#buildAtMs = nowMs + (clock.elapsed() - beganMs) / REBUILD_SHARE;
    return edition;
  }

  async close(): Promise<void> {
    await this.#fetcher?.close();
    this.#fetcher = undefined;
  }

  #take(fetched: FetchedRecords): void {
    const { table, topic, compression, bad } = this.#parts;
    const { partition } = fetched;
    // The topic was cut or made anew: what is known of the partition may have been taken away meanwhile.
    if (fetched.fromOffset < (this.#next.get(partition) ?? 0)) this.#forget(partition);
    eachRecord(fetched, compression, (cursor) => {
      const key = cursor.key();
      const value = cursor.value();
      if (value && !this.#check.read(value, 0, value.length, 0)) {
        bad(badTableRow(table, `${topic}/${partition}@${cursor.offset}`, this.#check.reason));
        return;
      }
      const name = key === null || key === undefined ? `${partition} ${cursor.offset}` : `k${fromUtf8(key)}`;
      // The last one written counts, also in the order of a table whose keys are equal otherwise.
      this.#newest.delete(name);
      if (value) this.#newest.set(name, { partition, value: value.slice() });
      this.#changed = true;
    });
    this.#next.set(partition, fetched.nextOffset);
    if (this.#newest.size > MAX_TABLE_ROWS) throw tableTooLarge(table, `${MAX_TABLE_ROWS} rows`);
  }

  #forget(partition: number): void {
    for (const [name, newest] of this.#newest) if (newest.partition === partition) this.#newest.delete(name);
    this.#changed = true;
  }

  #edition(): ReferenceRows {
    const { table, topic } = this.#parts;
    this.#changed = false;
    const texts = [...this.#newest.values()].map(({ value }) => value);
    const offsets = [...this.#next].sort(([a], [b]) => a - b).map(([, offset]) => offset);
    const place = (at: number): string => `record ${at + 1} of topic ${topic}`;
    return { rows: tableRows(table, { texts, asText: false, place }), version: `${topic}@${offsets.join(',')}` };
  }
}
