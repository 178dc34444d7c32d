import type { KafkaClient } from './client.js';
import type { TopicInfo } from './interfaces.js';
import { Backoff } from './retry.js';

/** How long a change that the controller has taken may need until the brokers know of it. */
const SETTLE_MS = 10_000;
const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 250;

/**
 * Waits until the brokers tell of a change of topics: the controller of Apache Kafka answers before they have heard of it.
 * Comes back without an error when they take longer than 10 s; the change stands all the same.
 * @param isSettled told what is known of each of `names`, undefined for no such topic.
 * @throws `broker-unreachable`
 */
export async function settleTopics(
  client: KafkaClient,
  names: readonly string[],
  isSettled: (topic: TopicInfo | undefined) => boolean,
): Promise<void> {
  if (names.length === 0) return;
  const { clock, random } = client.edges;
  const deadline = clock.elapsed() + SETTLE_MS;
  const backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS, random);
  for (;;) {
    const { topics } = await client.cluster(names);
    const known = new Map(topics.map((topic) => [topic.name, topic]));
    if (names.every((name) => isSettled(known.get(name)))) return;
    if (clock.elapsed() >= deadline) return;
    await clock.sleep(backoff.nextMs());
  }
}

/** Whether a topic is there and each of its partitions has a leader. */
export function isServed(topic: TopicInfo | undefined): boolean {
  return topic?.partitions.every(({ leader }) => leader >= 0) ?? false;
}
