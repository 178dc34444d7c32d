import type { Admin, ITopicConfig } from 'kafkajs';
import { expect, vi } from 'vitest';

/**
 * Makes topics through kafkajs and waits until the broker tells of them: one of Apache Kafka learns of them a little
 * later than it answers, and kafkajs, when it waits by itself, gives up at the first look.
 */
export async function makeTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false });
  const names = topics.map(({ topic }) => topic);
  // Not expect.poll, which works inside tests only: topics are made before them, too.
  const told = async (): Promise<void> => expect(await admin.listTopics()).toEqual(expect.arrayContaining(names));
  await vi.waitFor(told, { timeout: 30_000, interval: 50 });
}
