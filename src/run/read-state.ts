import { fromUtf8 } from '../base/bytes.js';
import type { Compression } from '../base/codec-interfaces.js';
import { isControl, readCompleteBatches, recordSection } from '../wire/record-batch.js';
import { RecordCursor } from '../wire/record-cursor.js';
import type { Connection } from './connection.js';
import { MAX_BATCH_BYTES } from './original-records.js';
import type { ReadState, StateRecord } from './state-topic.js';

/** How long the broker is waited for while a state is read. */
const READ_WAIT_MS = 1_000;

/** Reads the state topic `topic` over a fetcher of its own, from the wanted offset up to its present end. */
export function stateReader(connection: Connection, topic: string, compression: Compression): ReadState {
  return async function* read(offset: number): AsyncGenerator<StateRecord> {
    const [end] = await connection.offsets([{ topic, partition: 0 }], 'end');
    const fetcher = connection.fetcher({ onOffsetGone: 'earliest' });
    const cursor = new RecordCursor();
    fetcher.assign([{ topic, partition: 0, offset }]);
    try {
      while ((fetcher.position({ topic, partition: 0 }) ?? 0) < end!.offset) {
        const fetched = await fetcher.next(READ_WAIT_MS);
        if (!fetched) continue;
        for (const header of readCompleteBatches(fetched.records)) {
          if (isControl(header)) continue;
          cursor.open(header, recordSection(fetched.records, header, compression, MAX_BATCH_BYTES));
          while (cursor.next()) {
            if (cursor.offset < offset) continue;
            const { offset: at } = cursor;
            yield { offset: at, key: fromUtf8(cursor.key() ?? EMPTY), value: cursor.value() ?? EMPTY };
          }
        }
      }
    } finally {
      await fetcher.close();
    }
  };
}

const EMPTY = new Uint8Array(0);
