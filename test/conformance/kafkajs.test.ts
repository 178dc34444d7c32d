import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, brokerName, brokerUnderTest, fresh } from '../support/broker-under-test.js';
import { makeTopics } from '../support/make-topics.js';

describe(`kafkajs on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  let kafka: Kafka;
  beforeAll(async () => {
    broker = await brokerUnderTest();
    kafka = new Kafka({ clientId: 'conformance', brokers: [broker.address], logLevel: logLevel.NOTHING });
  });
  afterAll(() => broker.stop());

  async function topic(partitions: number, configEntries: { name: string; value: string }[] = []): Promise<string> {
    const admin = kafka.admin();
    await admin.connect();
    const name = fresh('kjs');
    await makeTopics(admin, [{ topic: name, numPartitions: partitions, configEntries }]);
    await admin.disconnect();
    return name;
  }

  /** All values of a topic, by a new group from the beginning. */
  async function read(name: string, count: number, groupId = fresh('group')): Promise<string[]> {
    const consumer = kafka.consumer({ groupId, sessionTimeout: 10_000 });
    await consumer.connect();
    await consumer.subscribe({ topic: name, fromBeginning: true });
    const values: string[] = [];
    await new Promise<void>((done, fail) => {
      // A crash that kafkajs mends by itself (a coordinator that is still loading) is no failure.
      consumer.on('consumer.crash', ({ payload }) => {
        if (!payload.restart) fail(payload.error);
      });
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

  it('administers topics', async () => {
    const name = await topic(3, [{ name: 'retention.ms', value: '123456' }]);
    const admin = kafka.admin();
    await admin.connect();
    expect(await admin.listTopics()).toContain(name);
    const [meta] = (await admin.fetchTopicMetadata({ topics: [name] })).topics;
    expect(meta?.partitions.map((partition) => partition.partitionId).sort()).toEqual([0, 1, 2]);
    const configs = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name, configNames: ['retention.ms'] }],
    });
    expect(configs.resources[0]?.configEntries.find((entry) => entry.configName === 'retention.ms')?.configValue).toBe(
      '123456',
    );
    await admin.createPartitions({ topicPartitions: [{ topic: name, count: 5 }] });
    const partitions = async (): Promise<unknown> =>
      (await admin.fetchTopicMetadata({ topics: [name] })).topics[0]?.partitions;
    await expect.poll(partitions, { timeout: 30_000 }).toHaveLength(5);
    await expect(admin.createTopics({ topics: [{ topic: name }] })).resolves.toBe(false);
    await admin.deleteTopics({ topics: [name] });
    await expect.poll(() => admin.listTopics(), { timeout: 30_000 }).not.toContain(name);
    await admin.disconnect();
  });

  it.each([
    ['none', CompressionTypes.None],
    ['gzip', CompressionTypes.GZIP],
  ] as const)('produces and consumes with compression %s', async (_, compression) => {
    const name = await topic(2);
    const producer = kafka.producer();
    await producer.connect();
    const messages = Array.from({ length: 100 }, (_value, index) => ({
      key: `k${index}`,
      value: `v${index}`,
      headers: { h: 'x' },
    }));
    await producer.send({ topic: name, messages, compression });
    await producer.disconnect();
    expect((await read(name, 100)).sort()).toEqual(messages.map(({ value }) => value).sort());
  });

  it('writes idempotently', async () => {
    const name = await topic(1);
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (let round = 0; round < 10; round++) await producer.send({ topic: name, messages: [{ value: `r${round}` }] });
    await producer.disconnect();
    expect(await read(name, 10)).toEqual(Array.from({ length: 10 }, (_, round) => `r${round}`));
  });

  it('goes on in a group where the last member stopped, and resets offsets', async () => {
    const name = await topic(1);
    const groupId = fresh('resume');
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: name, messages: ['a', 'b'].map((value) => ({ value })) });
    expect(await read(name, 2, groupId)).toEqual(['a', 'b']);
    await producer.send({ topic: name, messages: [{ value: 'c' }] });
    expect(await read(name, 1, groupId)).toEqual(['c']);
    const admin = kafka.admin();
    await admin.connect();
    expect((await admin.fetchOffsets({ groupId, topics: [name] }))[0]?.partitions[0]?.offset).toBe('3');
    await admin.setOffsets({ groupId, topic: name, partitions: [{ partition: 0, offset: '1' }] });
    expect(await read(name, 2, groupId)).toEqual(['b', 'c']);
    expect((await admin.describeGroups([groupId])).groups[0]).toMatchObject({ state: 'Empty' });
    expect((await admin.listGroups()).groups.map((group) => group.groupId)).toContain(groupId);
    await admin.deleteGroups([groupId]);
    await admin.disconnect();
    await producer.disconnect();
  });

  it('shares partitions between two members', async () => {
    const name = await topic(4);
    const groupId = fresh('shared');
    const seen = new Map<string, Set<number>>();
    const members = ['one', 'two'].map(() =>
      kafka.consumer({ groupId, sessionTimeout: 10_000, rebalanceTimeout: 10_000 }),
    );
    const assigned = members.map(
      (member, index) =>
        new Promise<void>((done) => {
          member.on('consumer.group_join', ({ payload }) => {
            const partitions = payload.memberAssignment[name] ?? [];
            seen.set(String(index), new Set(partitions));
            if (partitions.length === 2) done();
          });
        }),
    );
    for (const member of members) {
      await member.connect();
      await member.subscribe({ topic: name, fromBeginning: true });
      await member.run({ eachMessage: async () => undefined });
    }
    await Promise.all(assigned);
    expect([...(seen.get('0') ?? []), ...(seen.get('1') ?? [])].sort()).toEqual([0, 1, 2, 3]);
    await Promise.all(members.map((member) => member.disconnect()));
  });

  it('commits and aborts transactions', async () => {
    const name = await topic(1);
    const producer = kafka.producer({ transactionalId: fresh('tx'), maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const aborted = await producer.transaction();
    await aborted.send({ topic: name, messages: [{ value: 'never' }] });
    await aborted.abort();
    const committed = await producer.transaction();
    await committed.send({ topic: name, messages: [{ value: 'once' }] });
    await committed.commit();
    await producer.disconnect();
    expect(await read(name, 1)).toEqual(['once']);
  });

  it('finds offsets by time and deletes records', async () => {
    const name = await topic(1);
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({
      topic: name,
      messages: [1000, 2000, 3000].map((time) => ({ value: `${time}`, timestamp: String(time) })),
    });
    await producer.disconnect();
    const admin = kafka.admin();
    await admin.connect();
    expect((await admin.fetchTopicOffsetsByTimestamp(name, 1500))[0]?.offset).toBe('1');
    await admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: '2' }] });
    expect((await admin.fetchTopicOffsets(name))[0]).toMatchObject({ low: '2', high: '3' });
    await admin.disconnect();
    expect(await read(name, 1)).toEqual(['3000']);
  });
});
