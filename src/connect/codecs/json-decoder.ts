import type { Compression } from '../../base/codec-interfaces.js';
import { type Column, makeVector } from '../../base/row-batch.js';
import { type BatchHeader, recordSection } from '../../wire/record-batch.js';
import { RecordCursor } from '../../wire/record-cursor.js';
import { dataBatches } from '../kafka/data-batches.js';
import type { FetchedRecords } from '../kafka/interfaces.js';
import { HeaderColumns } from './header-columns.js';
import type { DecodedRecords, RejectedRecord } from './interfaces.js';
import { JsonObjectReader } from './json-object-reader.js';

/** Bound of one inflated batch. */
const MAX_BATCH_BYTES = 256 * 1024 * 1024;

/** A column to decode: a key of the JSON object, or with `header` the text of a record header. */
export type WantedColumn = Column & { readonly header?: string };

/**
 * Turns record batches whose values are JSON objects into rows, reading only the wanted columns. Records that are no
 * rows are rejected with a reason; records without a value (tombstones) are counted only.
 */
export class JsonDecoder {
  readonly #schema: readonly WantedColumn[];
  /** Places in the schema of the columns that are keys of the object. */
  readonly #keys: readonly number[];
  readonly #headers: HeaderColumns | undefined;
  readonly #compression: Compression;
  readonly #reader: JsonObjectReader;
  readonly #cursor = new RecordCursor();

  /** @param schema the wanted columns; others are checked to be JSON and left out. */
  constructor(schema: readonly WantedColumn[], compression: Compression) {
    this.#schema = schema;
    this.#compression = compression;
    this.#keys = schema.flatMap(({ header }, at) => (header === undefined ? [at] : []));
    this.#reader = new JsonObjectReader(this.#keys.map((at) => schema[at]!));
    this.#headers = this.#keys.length === schema.length ? undefined : new HeaderColumns(schema);
  }

  /** @throws `malformed-frame`, `bad-data` when a batch itself is damaged. */
  decode(fetched: FetchedRecords): DecodedRecords {
    const batches = dataBatches(fetched, this.#compression);
    let capacity = 0;
    for (const { recordCount } of batches) capacity += recordCount;
    const vectors = this.#schema.map(({ type }) => makeVector(type, capacity));
    const offsets = new Float64Array(capacity);
    const timestamps = new Float64Array(capacity);
    const rejected: RejectedRecord[] = [];
    this.#reader.into(this.#keys.map((at) => vectors[at]!));
    this.#headers?.into(vectors);
    let row = 0;
    let recordCount = 0;
    for (const header of batches) {
      const cursor = this.#open(fetched, header);
      while (cursor.next()) {
        if (cursor.offset < fetched.fromOffset) continue;
        recordCount++;
        if (cursor.valueStart < 0) continue;
        offsets[row] = cursor.offset;
        timestamps[row] = cursor.timestampMs;
        if (this.#reader.read(cursor.bytes, cursor.valueStart, cursor.valueEnd, row)) {
          this.#headers?.read(cursor, row);
          row++;
        } else rejected.push(this.#reject(fetched));
      }
    }
    const rows = { schema: this.#schema, length: row, vectors, partition: fetched.partition, offsets, timestamps };
    return { rows, rejected, recordCount, nextOffset: fetched.nextOffset };
  }

  #open(fetched: FetchedRecords, header: BatchHeader): RecordCursor {
    this.#cursor.open(header, recordSection(fetched.records, header, this.#compression, MAX_BATCH_BYTES));
    return this.#cursor;
  }

  #reject({ topic, partition }: FetchedRecords): RejectedRecord {
    const { offset, timestampMs } = this.#cursor;
    const { reason, column } = this.#reader;
    return {
      topic,
      partition,
      offset,
      timestampMs,
      key: this.#cursor.key(),
      value: this.#cursor.value(),
      reason,
      ...(column === undefined ? {} : { column }),
    };
  }
}
