import { listOffsetsApi } from '../../wire/apis/02-list-offsets.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { KafkaClient } from './client.js';
import type { TopicPartition, TopicPartitionOffset } from './interfaces.js';
import { isRetriable, isStale, KafkaFailure } from './kafka-failure.js';

/** Which offset is looked for: the first, the one after the last, or the first record not before a time. */
export type OffsetAt = 'start' | 'end' | { readonly atMs: number };

const EARLIEST = -2n;
const LATEST = -1n;

/**
 * Asks the leaders of `partitions` for an offset of each, in the order given. Where a time lies behind the last record,
 * the offset is the end.
 * @param isolation `read_committed` (default): the end is before the first open transaction.
 * @throws `not-found` when a partition does not exist, KafkaFailure, `broker-unreachable`.
 */
export async function listOffsets(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  at: OffsetAt,
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
): Promise<readonly TopicPartitionOffset[]> {
  const { clock } = client.edges;
  const deadline = clock.elapsed() + client.settings.retryTimeoutMs;
  const backoff = client.backoff();
  const found = new Map<TopicPartition, number>();
  for (let pending = partitions; pending.length > 0; ) {
    const again: TopicPartition[] = [];
    for (const [leader, led] of await byLeader(client, pending)) {
      const answers = await ask(client, leader, led, at, isolation).catch((error: Error) => error);
      for (const partition of led) {
        const answer = answers instanceof Error ? answers : answers.get(partition)!;
        if (typeof answer === 'number') found.set(partition, answer);
        else if (isRetriable(answer) && clock.elapsed() < deadline) again.push(partition);
        else throw answer;
        if (isStale(answer)) client.forget(partition.topic);
      }
    }
    pending = again;
    if (pending.length > 0) await clock.sleep(backoff.nextMs());
  }
  const behind = partitions.filter((partition) => found.get(partition) === -1);
  if (behind.length > 0 && at !== 'end') {
    const ends = await listOffsets(client, behind, 'end', isolation);
    ends.forEach(({ offset }, index) => void found.set(behind[index]!, offset));
  }
  return partitions.map((one) => ({ topic: one.topic, partition: one.partition, offset: found.get(one)! }));
}

async function byLeader(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<number, readonly TopicPartition[]>> {
  const led = new Map<number, TopicPartition[]>();
  for (const one of partitions) {
    const { leader } = await client.partition(one.topic, one.partition);
    const list = led.get(leader);
    if (list) list.push(one);
    else led.set(leader, [one]);
  }
  return led;
}

async function ask(
  client: KafkaClient,
  leader: number,
  partitions: readonly TopicPartition[],
  at: OffsetAt,
  isolation: 'read_committed' | 'read_uncommitted',
): Promise<ReadonlyMap<TopicPartition, number | KafkaFailure>> {
  const timestamp = at === 'start' ? EARLIEST : at === 'end' ? LATEST : BigInt(Math.ceil(at.atMs));
  const topics = [...new Set(partitions.map(({ topic }) => topic))].map((name) => ({
    name,
    partitions: partitions
      .filter(({ topic }) => topic === name)
      .map(({ partition }) => ({ partitionIndex: partition, timestamp })),
  }));
  const body = { replicaId: -1, isolationLevel: isolation === 'read_committed' ? 1 : 0, topics };
  const what = 'cannot read the offsets of a topic';
  // A single try: by the next one there may be another leader.
  const response = await client.call(listOffsetsApi, body, { broker: leader }, { what, retryTimeoutMs: 0 });
  return new Map(
    partitions.map((one): [TopicPartition, number | KafkaFailure] => {
      const answer = response.topics
        .find(({ name }) => name === one.topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === one.partition);
      // An answer without the partition says as much as "not known here".
      const code = answer?.errorCode ?? errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
      if (code === 0) return [one, Number(answer!.offset)];
      return [one, new KafkaFailure(`cannot read the offsets of topic "${one.topic}"`, code)];
    }),
  );
}
