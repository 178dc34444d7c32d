import type { Admin, ITopicConfig } from 'kafkajs';
import { vi } from 'vitest';

/**
 * Makes topics through kafkajs and waits until their partitions answer: Apache Kafka makes them a little later than it says
 * so, kafkajs gives up waiting at the first look, and sends records again that were taken beside one that was not.
 */
export async function makeTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false });
  // Not expect.poll, which works inside tests only: topics are made before them, too.
  const ready = async (): Promise<void> => {
    for (const { topic } of topics) await admin.fetchTopicOffsets(topic);
  };
  await vi.waitFor(ready, { timeout: 30_000, interval: 50 });
}
