import { offsetFetchApi } from '../../wire/apis/09-offset-fetch.js';
import type { KafkaClient } from './client.js';
import type { CommitOffset, TopicPartition } from './interfaces.js';
import { listOffsets } from './list-offsets.js';
import { byTopic } from './topic-groups.js';

/** Later versions name topics by id, or ask for several groups at once. */
const MAX_OFFSET_FETCH_VERSION = 7;

/** First and end offset of every partition of a topic. */
export interface TopicRange {
  readonly partition: number;
  readonly earliest: number;
  readonly latest: number;
}

/** The offsets that a topic holds. @throws `not-found` */
export async function topicRanges(
  client: KafkaClient,
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
): Promise<TopicRange[]> {
  const info = await client.topic(topic);
  const partitions = info.partitions.map(({ partition }) => ({ topic, partition }));
  const [first, end] = await Promise.all([
    listOffsets(client, partitions, 'start', isolation),
    listOffsets(client, partitions, 'end', isolation),
  ]);
  return partitions.map(({ partition }, index) => ({
    partition,
    earliest: first[index]!.offset,
    latest: end[index]!.offset,
  }));
}

/**
 * Committed offsets of a group, with their metadata; partitions without one are left out.
 * @param partitions `undefined` for all that the group has committed.
 * @throws KafkaFailure
 */
export async function committedOffsets(
  client: KafkaClient,
  groupId: string,
  partitions?: readonly TopicPartition[],
): Promise<CommitOffset[]> {
  const topics = partitions && byTopic(partitions, ({ partition }) => partition);
  const response = await client.call(
    offsetFetchApi,
    {
      groupId,
      topics: topics?.map(({ name, entries }) => ({ name, partitionIndexes: entries })) ?? null,
      // Offsets inside an open transaction are waited for: they may be about to change.
      requireStable: true,
    },
    { group: groupId },
    {
      what: `cannot read the offsets of group "${groupId}"`,
      maxVersion: MAX_OFFSET_FETCH_VERSION,
      errorOf: (answer) =>
        answer.errorCode ||
        (answer.topics.flatMap((topic) => topic.partitions).find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0),
    },
  );
  return response.topics.flatMap(({ name, partitions: found }) =>
    found
      .filter(({ committedOffset }) => committedOffset >= 0n)
      .map((entry) => ({
        topic: name,
        partition: entry.partitionIndex,
        offset: Number(entry.committedOffset),
        leaderEpoch: entry.committedLeaderEpoch,
        metadata: entry.metadata ?? '',
      })),
  );
}
