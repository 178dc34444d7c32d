import { fromUtf8 } from '../base/bytes.js';
import type { Compression } from '../base/codec-interfaces.js';
import type { Connection } from './connection.js';
import { eachRecord } from './each-record.js';
import type { ReadState, StateRecord } from './state-topic.js';

/** How long the broker is waited for while a state is read. */
const READ_WAIT_MS = 1_000;

/** Reads the state topic `topic` over a fetcher of its own, from the wanted offset up to its present end. */
export function stateReader(connection: Connection, topic: string, compression: Compression): ReadState {
  return async function* read(offset: number): AsyncGenerator<StateRecord> {
    const [end] = await connection.offsets([{ topic, partition: 0 }], 'end');
    const fetcher = connection.fetcher({ onOffsetGone: 'earliest' });
    fetcher.assign([{ topic, partition: 0, offset }]);
    try {
      while ((fetcher.position({ topic, partition: 0 }) ?? 0) < end!.offset) {
        const fetched = await fetcher.next(READ_WAIT_MS);
        if (!fetched) continue;
        const records: StateRecord[] = [];
        eachRecord(fetched, compression, (cursor) => {
          const { offset: at } = cursor;
          records.push({ offset: at, key: fromUtf8(cursor.key() ?? EMPTY), value: cursor.value() ?? EMPTY });
        });
        yield* records;
      }
    } finally {
      await fetcher.close();
    }
  };
}

const EMPTY = new Uint8Array(0);
