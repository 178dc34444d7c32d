import type { Compression } from '../../base/codec-interfaces.js';
import { makeVector, type Schema } from '../../base/row-batch.js';
import { type BatchHeader, recordSection } from '../../wire/record-batch.js';
import { RecordCursor } from '../../wire/record-cursor.js';
import { dataBatches } from '../kafka/data-batches.js';
import type { FetchedRecords } from '../kafka/interfaces.js';
import type { DecodedRecords, RejectedRecord } from './interfaces.js';
import { JsonObjectReader } from './json-object-reader.js';

/** Bound of one inflated batch. */
const MAX_BATCH_BYTES = 256 * 1024 * 1024;

/**
 * Turns record batches whose values are JSON objects into rows, reading only the wanted columns. Records that are no
 * rows are rejected with a reason; records without a value (tombstones) are counted only.
 */
export class JsonDecoder {
  readonly #schema: Schema;
  readonly #compression: Compression;
  readonly #reader: JsonObjectReader;
  readonly #cursor = new RecordCursor();

  /** @param schema the wanted columns; others are checked to be JSON and left out. */
  constructor(schema: Schema, compression: Compression) {
    this.#schema = schema;
    this.#compression = compression;
    this.#reader = new JsonObjectReader(schema);
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
    this.#reader.into(vectors);
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
        if (this.#reader.read(cursor.bytes, cursor.valueStart, cursor.valueEnd, row)) row++;
        else rejected.push(this.#reject(fetched));
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
