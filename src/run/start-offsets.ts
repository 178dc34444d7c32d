import type { TopicPartition, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import type { Connection } from './connection.js';
import { keyOf } from './idle-watch.js';
import type { StartPosition } from './interfaces.js';

/** Where each of `partitions` is read from when nothing was committed for it. */
export async function startOffsets(
  connection: Pick<Connection, 'offsets'>,
  partitions: readonly TopicPartition[],
  from: StartPosition,
): Promise<readonly TopicPartitionOffset[]> {
  switch (from.kind) {
    case 'start':
      return connection.offsets(partitions, 'start');
    case 'end':
      return connection.offsets(partitions, 'end');
    case 'timestamp':
      return connection.offsets(partitions, { atMs: from.atMs });
    case 'offsets': {
      const given = new Map(from.offsets.map((one) => [keyOf(one), one.offset]));
      const starts = await connection.offsets(partitions, 'start');
      return starts.map((start) => ({ ...start, offset: given.get(keyOf(start)) ?? start.offset }));
    }
    case 'offset':
    case 'relative': {
      const [first, last] = await Promise.all([
        connection.offsets(partitions, 'start'),
        connection.offsets(partitions, 'end'),
      ]);
      const ends = new Map(last.map((end) => [keyOf(end), end.offset]));
      return first.map((start) => {
        const end = ends.get(keyOf(start)) ?? start.offset;
        const wanted = from.kind === 'offset' ? from.offset : from.count + (from.count < 0 ? end : start.offset);
        return { ...start, offset: Math.min(end, Math.max(start.offset, wanted)) };
      });
    }
  }
}
