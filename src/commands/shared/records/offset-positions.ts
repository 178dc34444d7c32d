import type { KafkaClient } from '../../../connect/kafka/client.js';
import type { TopicPartition, TopicPartitionOffset } from '../../../connect/kafka/interfaces.js';
import type { Position } from './offset-range.js';

/**
 * The offset of `position` in each partition, never outside of what the partition holds.
 * @throws `not-found`, `broker-unreachable`
 */
export async function resolvePositions(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  position: Position,
): Promise<readonly TopicPartitionOffset[]> {
  const { listOffsets } = await import('../../../connect/kafka/list-offsets.js');
  switch (position.kind) {
    case 'start':
    case 'end':
      return listOffsets(client, partitions, position.kind);
    case 'time':
      return listOffsets(client, partitions, { atMs: position.timeMs });
    default: {
      const [starts, ends] = await Promise.all([
        listOffsets(client, partitions, 'start'),
        listOffsets(client, partitions, 'end'),
      ]);
      return starts.map((start, index) => {
        const end = ends[index]!.offset;
        return { ...start, offset: Math.min(end, Math.max(start.offset, wanted(position, start.offset, end))) };
      });
    }
  }
}

function wanted(position: Exclude<Position, { kind: 'start' | 'end' | 'time' }>, start: number, end: number): number {
  if (position.kind === 'offset') return position.offset;
  return position.count < 0 ? end + position.count : start + position.count;
}
