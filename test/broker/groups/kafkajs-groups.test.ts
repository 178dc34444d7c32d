import type { Consumer, Kafka } from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { type RestartableBroker, startRestartableBroker } from '../../support/restartable-broker.js';

/** A real client over real sockets; the broker keeps its folder and port over restarts. */
describe('kafkajs in groups', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function start(): Promise<RestartableBroker> {
    const broker = await startRestartableBroker();
    cleanups.push(() => broker.stop());
    return broker;
  }

  /** A member that notes what it reads. */
  async function member(kafka: Kafka, seen: Map<string, number>) {
    const consumer = kafka.consumer({
      groupId: 'g',
      sessionTimeout: 6_000,
      heartbeatInterval: 200,
      rebalanceTimeout: 6_000,
      maxWaitTimeInMs: 100,
    });
    const state = { consumer, partitions: 0 };
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      state.partitions = payload.memberAssignment.t?.length ?? 0;
    });
    await consumer.connect();
    await consumer.subscribe({ topic: 't', fromBeginning: true });
    await consumer.run({
      autoCommitThreshold: 1,
      eachMessage: async ({ message }) => {
        const value = String(message.value);
        seen.set(value, (seen.get(value) ?? 0) + 1);
      },
    });
    cleanups.push(() => stop(consumer));
    return state;
  }

  async function stop(consumer: Consumer): Promise<void> {
    await consumer.stop();
    await consumer.disconnect();
  }

  async function until(what: () => boolean, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    while (!what()) {
      if (Date.now() > end) throw new Error(`still not: ${String(what)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function produce(kafka: Kafka, from: number, to: number): Promise<void> {
    const producer = kafka.producer();
    await producer.connect();
    const messages = Array.from({ length: to - from }, (_, index) => ({
      key: `${from + index}`,
      value: `${from + index}`,
    }));
    await producer.send({ topic: 't', messages });
    await producer.disconnect();
  }

  it('share partitions, take over from one that leaves, and go on after a restart of the broker', async () => {
    const { kafka, restart } = await start();
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 't', numPartitions: 4 }] });
    const seen = new Map<string, number>();
    const first = await member(kafka, seen);
    const second = await member(kafka, seen);
    await until(() => first.partitions === 2 && second.partitions === 2);
    await produce(kafka, 0, 100);
    await until(() => seen.size === 100);

    await restart();
    await produce(kafka, 100, 200);
    await until(() => seen.size === 200);
    // Members may go on as they are; kafkajs now and then starts anew instead, and shares again.
    await until(() => first.partitions === 2 && second.partitions === 2);

    await stop(second.consumer);
    await until(() => first.partitions === 4);
    await produce(kafka, 200, 300);
    await until(() => seen.size === 300);
    // Each record once, but for the few whose commit was under way when the broker went.
    const repeated = [...seen.values()].filter((count) => count > 1).length;
    expect(repeated).toBeLessThanOrEqual(100);
    const { groups } = await admin.describeGroups(['g']);
    expect(groups[0]).toMatchObject({ state: 'Stable', protocolType: 'consumer', protocol: 'RoundRobinAssigner' });
    expect(groups[0]!.members).toHaveLength(1);
    await expect(admin.deleteGroups(['g'])).rejects.toThrow();
    await stop(first.consumer);
    await until(() => true);
    const offsets = await admin.fetchOffsets({ groupId: 'g', topics: ['t'] });
    expect(offsets[0]!.partitions.reduce((sum, { offset }) => sum + Number(offset), 0)).toBe(300);
    await admin.deleteGroups(['g']);
    expect((await admin.listGroups()).groups).toEqual([]);
    await admin.disconnect();
  });
});
