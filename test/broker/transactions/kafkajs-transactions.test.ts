import type { Kafka } from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { type RestartableBroker, startRestartableBroker } from '../../support/restartable-broker.js';

/** A real client over real sockets; the broker keeps its folder and port over restarts. */
describe('kafkajs in transactions', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function start(): Promise<RestartableBroker> {
    const broker = await startRestartableBroker();
    cleanups.push(() => broker.stop());
    return broker;
  }

  async function read(kafka: Kafka, topic: string, count: number): Promise<string[]> {
    const consumer = kafka.consumer({
      groupId: `read-${topic}-${Math.random()}`,
      readUncommitted: false,
      maxWaitTimeInMs: 100,
    });
    const values: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((done) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          values.push(String(message.value));
          if (values.length >= count) done();
        },
      });
    });
    await consumer.disconnect();
    return values;
  }

  it('commit, abort, carry offsets, and live through a restart in the middle', async () => {
    const { kafka, restart } = await start();
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({
      topics: [
        { topic: 'out', numPartitions: 1 },
        { topic: 'in', numPartitions: 1 },
      ],
    });
    const producer = kafka.producer({ transactionalId: 'tx', maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const send = async (value: string, offset: string, end: 'commit' | 'abort', between?: () => Promise<void>) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: 'out', messages: [{ value }] });
      const topics = [{ topic: 'in', partitions: [{ partition: 0, offset }] }];
      await transaction.sendOffsets({ consumerGroupId: 'g', topics });
      await between?.();
      await transaction[end]();
    };
    const committed = async () =>
      (await admin.fetchOffsets({ groupId: 'g', topics: ['in'] }))[0]!.partitions[0]!.offset;

    await send('a', '1', 'commit');
    await send('gone', '2', 'abort');
    expect(await committed()).toBe('1');
    await send('b', '3', 'commit', restart);
    expect(await committed()).toBe('3');
    await send('gone too', '4', 'abort', restart);
    await send('c', '5', 'commit');
    expect(await committed()).toBe('5');
    expect(await read(kafka, 'out', 3)).toEqual(['a', 'b', 'c']);

    const fenced = kafka.producer({ transactionalId: 'tx', maxInFlightRequests: 1, idempotent: true });
    await fenced.connect();
    const transaction = await fenced.transaction();
    await transaction.send({ topic: 'out', messages: [{ value: 'd' }] });
    await expect(send('zombie', '9', 'commit')).rejects.toThrow();
    await transaction.commit();
    expect(await read(kafka, 'out', 4)).toEqual(['a', 'b', 'c', 'd']);
    await producer.disconnect();
    await fenced.disconnect();
    await admin.disconnect();
  });
});
