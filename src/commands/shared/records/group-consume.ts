import type { KafkaClient } from '../../../connect/kafka/client.js';
import type { Group } from '../../../connect/kafka/contracts.js';
import type { TopicPartition, TopicPartitionOffset } from '../../../connect/kafka/interfaces.js';
import type { Context } from '../frame/context.js';
import type { ConsumeEnd, PlainConsume } from './plain-consume.js';

/** How often the offsets of what was written are committed. */
const COMMIT_MS = 1000;

/**
 * Reads as a member of a consumer group: partitions come and go, offsets are committed after their records were
 * written, at least once is what holds.
 * @throws what the group ended with
 */
export async function consumeInGroup(
  context: Context,
  client: KafkaClient,
  reader: PlainConsume,
  groupId: string,
  topics: readonly string[],
): Promise<ConsumeEnd> {
  const [{ GroupMember }, { groupProperties }] = await Promise.all([
    import('../../../connect/kafka/group.js'),
    import('../../../connect/kafka/option-properties.js'),
  ]);
  let failure: Error | undefined;
  let committedAtMs = context.clock.elapsed();
  const commit = async (of: readonly TopicPartitionOffset[]): Promise<void> => {
    committedAtMs = context.clock.elapsed();
    await member.commit(of);
  };
  const within = (partitions: readonly TopicPartition[]): readonly TopicPartitionOffset[] =>
    reader
      .positions()
      .filter((at) => partitions.some((one) => one.topic === at.topic && one.partition === at.partition));
  const member: Group = new GroupMember(
    client,
    { ...groupProperties(client.settings), groupId, topics },
    {
      assigned: async (partitions) => reader.begin(partitions, await member.committed(partitions)),
      async revoked(partitions) {
        await commit(within(partitions));
        reader.drop(partitions);
      },
      lost: (partitions) => reader.drop(partitions),
      failed(error) {
        failure = error;
        reader.wake();
      },
    },
  );
  await member.start();
  try {
    return await reader.run(async () => {
      if (failure) throw failure;
      if (context.clock.elapsed() - committedAtMs >= COMMIT_MS) await commit(reader.positions());
    });
  } finally {
    // Leaving hands all partitions back: that commits where they stand.
    await member.leave();
  }
}
