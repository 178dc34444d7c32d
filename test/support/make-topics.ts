import type { Admin, ITopicConfig } from 'kafkajs';
import { expect } from 'vitest';

/**
 * Makes topics through kafkajs and waits until the broker tells of them: one of Apache Kafka learns of them a little
 * later than it answers, and kafkajs's own waiting gives up at the first look.
 */
export async function makeTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics });
  const names = topics.map(({ topic }) => topic);
  await expect.poll(() => admin.listTopics(), { timeout: 30_000 }).toEqual(expect.arrayContaining(names));
}
