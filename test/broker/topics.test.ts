import { describe, expect, it } from 'vitest';
import { listOffsetsApi } from '../../src/wire/apis/02-list-offsets.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { createTopicsApi } from '../../src/wire/apis/19-create-topics.js';
import { deleteTopicsApi } from '../../src/wire/apis/20-delete-topics.js';
import { deleteRecordsApi } from '../../src/wire/apis/21-delete-records.js';
import { describeConfigsApi } from '../../src/wire/apis/32-describe-configs.js';
import { alterConfigsApi } from '../../src/wire/apis/33-alter-configs.js';
import { createPartitionsApi } from '../../src/wire/apis/37-create-partitions.js';
import { incrementalAlterConfigsApi } from '../../src/wire/apis/44-incremental-alter-configs.js';
import { describeTopicPartitionsApi } from '../../src/wire/apis/75-describe-topic-partitions.js';
import { errorCodes } from '../../src/wire/error-codes.js';
import { batchOf } from '../support/sim-broker.js';
import { settle } from '../support/sim-clock.js';
import type { WireClient } from '../support/wire-client.js';
import { fetchFrom, makeTopic, produce, scene, valuesIn } from './broker-fixture.js';

const TOPIC = 2;

async function create(client: WireClient, topic: Record<string, unknown>, validateOnly = false) {
  const wanted = { name: 't', numPartitions: -1, replicationFactor: -1, assignments: [], configs: [], ...topic };
  const { topics } = await client.call(createTopicsApi, 7, { topics: [wanted], validateOnly });
  return topics[0]!;
}

async function configsOf(client: WireClient, name: string): Promise<Map<string, string | null>> {
  const { results } = await client.call(describeConfigsApi, 4, {
    resources: [{ resourceType: TOPIC, resourceName: name, configurationKeys: null }],
  });
  return new Map(results[0]!.configs.map((config) => [config.name, config.value]));
}

async function offsetFor(client: WireClient, timestamp: number, committed = false): Promise<readonly [bigint, bigint]> {
  const { topics } = await client.call(listOffsetsApi, 11, {
    replicaId: -1,
    isolationLevel: committed ? 1 : 0,
    topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: BigInt(timestamp) }] }],
  });
  const { offset, timestamp: time } = topics[0]!.partitions[0]!;
  return [offset, time];
}

async function trim(client: WireClient, offset: bigint) {
  const partitions = [{ partitionIndex: 0, offset }];
  const { topics } = await client.call(deleteRecordsApi, 2, { topics: [{ name: 't', partitions }], timeoutMs: 1 });
  return topics[0]!.partitions[0]!;
}

describe('topics', () => {
  it.each([
    [{ name: 'a/b' }, errorCodes.INVALID_TOPIC_EXCEPTION],
    [{ name: '' }, errorCodes.INVALID_TOPIC_EXCEPTION],
    [{ name: 'x'.repeat(250) }, errorCodes.INVALID_TOPIC_EXCEPTION],
    [{ name: 'old' }, errorCodes.TOPIC_ALREADY_EXISTS],
    [{ name: 'o_d.x' }, errorCodes.INVALID_TOPIC_EXCEPTION],
    [{ numPartitions: 0 }, errorCodes.INVALID_PARTITIONS],
    [{ numPartitions: 1_000_000 }, errorCodes.INVALID_PARTITIONS],
    [{ replicationFactor: 3 }, errorCodes.INVALID_REPLICATION_FACTOR],
    [{ replicationFactor: 0 }, errorCodes.INVALID_REPLICATION_FACTOR],
    [{ configs: [{ name: 'no.such', value: '1' }] }, errorCodes.INVALID_CONFIG],
    [{ configs: [{ name: 'retention.ms', value: 'soon' }] }, errorCodes.INVALID_CONFIG],
    [{ configs: [{ name: 'retention.ms', value: null }] }, errorCodes.INVALID_CONFIG],
    [{ configs: [{ name: 'cleanup.policy', value: 'burn' }] }, errorCodes.INVALID_CONFIG],
    [{ assignments: [{ partitionIndex: 0, brokerIds: [3] }] }, errorCodes.INVALID_REPLICA_ASSIGNMENT],
    [{ assignments: [{ partitionIndex: 0, brokerIds: [0] }], numPartitions: 2 }, errorCodes.INVALID_REQUEST],
    [{ assignments: [{ partitionIndex: 0, brokerIds: [0] }] }, errorCodes.NONE],
    [{}, errorCodes.NONE],
  ])('are checked when they are made: %o', async (wanted, errorCode) => {
    const { client } = await scene();
    await makeTopic(client, 'old');
    await makeTopic(client, 'o.d_x');
    for (const validateOnly of [true, false]) {
      const topic = await create(client, wanted, validateOnly);
      expect(topic).toMatchObject({ errorCode });
      if (errorCode !== errorCodes.NONE) expect(topic.errorMessage).not.toBe(null);
    }
  });

  it('survive kill -9 with partitions, settings and records', async () => {
    const stage = await scene();
    const id = await makeTopic(stage.client, 't', 3, { 'retention.ms': '5000' });
    await produce(stage.client, 't', ['a'], { partition: 2 });
    await stage.restart();
    const { topics, clusterId } = await stage.client.call(metadataApi, 12, { topics: [{ name: 't' }] });
    expect(topics[0]).toMatchObject({ topicId: id, errorCode: 0 });
    expect(topics[0]!.partitions).toHaveLength(3);
    expect(clusterId).toHaveLength(22);
    expect((await configsOf(stage.client, 't')).get('retention.ms')).toBe('5000');
    expect(valuesIn((await fetchFrom(stage.client, 't', 0, { partition: 2 })).records)).toEqual(['a']);
  });

  it('made again under the same name have another id and no records', async () => {
    const stage = await scene();
    const first = await makeTopic(stage.client, 't');
    await produce(stage.client, 't', ['old']);
    await stage.client.call(deleteTopicsApi, 6, {
      topics: [{ name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }],
      timeoutMs: 1000,
    });
    expect(stage.files.exists(`/data/topics/${first}`)).toBe(false);
    const second = await makeTopic(stage.client, 't');
    expect(second).not.toBe(first);
    await stage.restart();
    expect(valuesIn((await fetchFrom(stage.client, 't', 0)).records)).toEqual([]);
  });

  it('are made by asking for their metadata, unless the client or the broker forbids it', async () => {
    const { client } = await scene({ defaultPartitions: 2 });
    const ask = async (name: string, allowAutoTopicCreation: boolean) =>
      (await client.call(metadataApi, 12, { topics: [{ name }], allowAutoTopicCreation })).topics[0]!;
    expect((await ask('t', false)).errorCode).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
    expect((await ask('t', true)).partitions).toHaveLength(2);
    expect((await ask('a b', true)).errorCode).toBe(errorCodes.INVALID_TOPIC_EXCEPTION);
    const strict = await scene({ autoCreateTopics: false });
    const { topics } = await strict.client.call(metadataApi, 12, { topics: [{ name: 't' }] });
    expect(topics[0]!.errorCode).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('are listed as each version of Metadata asks for', async () => {
    const { client } = await scene();
    const topicId = await makeTopic(client, 't');
    const names = async (version: number, topics: { name: string | null; topicId?: string }[] | null) =>
      (await client.call(metadataApi, version, { topics: topics as never })).topics.map(({ name }) => name);
    expect(await names(0, [])).toEqual(['t']);
    expect(await names(1, [])).toEqual([]);
    for (let version = 1; version <= 13; version++) expect(await names(version, null)).toEqual(['t']);
    expect(await names(12, [{ name: null, topicId }])).toEqual(['t']);
    const unknown = await client.call(metadataApi, 12, {
      topics: [{ name: null, topicId: 'BBBBBBBBBBBBBBBBBBBBBA' }],
    });
    expect(unknown.topics[0]!.errorCode).toBe(errorCodes.UNKNOWN_TOPIC_ID);
  });

  it('deleted while their closed segments are synced do not end the broker', async () => {
    const { client, running } = await scene({ policy: 'never' });
    await makeTopic(client, 't', 1, { 'segment.bytes': '250' });
    const { topics, admin } = running.broker;
    let failure: unknown;
    void running.failed.then((error) => {
      failure = error;
    });
    for (let n = 0; n < 10; n++) topics.partition('t', 0)!.append(batchOf([`v${n}`]));
    await admin.delete(topics.byName('t')!);
    await settle();
    expect(failure).toBeUndefined();
    await makeTopic(client, 't');
  });

  it('deleted while their records are deleted are unknown, and the connection stays', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't');
    await produce(stage.client, 't', ['v']);
    const other = await stage.connect();
    const trimmed = trim(stage.client, 1n);
    const deleted = other.call(deleteTopicsApi, 1, { topicNames: ['t'], timeoutMs: 1 });
    expect(await trimmed).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION });
    expect((await deleted).responses[0]!.errorCode).toBe(0);
  });

  it('that a repair of the journal forgot keep their records on the disk', async () => {
    const stage = await scene({ repair: true });
    await makeTopic(stage.client, 'a');
    const id = await makeTopic(stage.client, 'b');
    await produce(stage.client, 'b', ['v']);
    await stage.running.close();
    const journal = `/data/journal/${'0'.repeat(20)}.log`;
    const text = new TextDecoder('latin1').decode(stage.files.readFile(journal));
    stage.files.flipBit(journal, text.indexOf('"name":"b"'), 2);
    for (let start = 0; start < 2; start++) {
      await stage.restart();
      expect([...stage.running.broker.topics.list()].map(({ name }) => name)).toEqual(['a']);
      expect(stage.files.exists(`/data/topics/${id}/0/${'0'.repeat(20)}.log`)).toBe(true);
    }
    expect(stage.lines.filter((line) => line.includes(id))).toHaveLength(1);
  });

  it('can only grow', async () => {
    const { client } = await scene();
    await makeTopic(client, 't', 2);
    const extend = async (name: string, count: number, validateOnly = false) => {
      const topics = [{ name, count, assignments: null }];
      const answer = await client.call(createPartitionsApi, 3, { topics, timeoutMs: 1000, validateOnly });
      return answer.results[0]!.errorCode;
    };
    expect(await extend('none', 3)).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await extend('t', 2)).toBe(errorCodes.INVALID_PARTITIONS);
    expect(await extend('t', 1)).toBe(errorCodes.INVALID_PARTITIONS);
    expect(await extend('t', 4, true)).toBe(errorCodes.NONE);
    expect((await produce(client, 't', ['a'], { partition: 3 })).errorCode).not.toBe(0);
    expect(await extend('t', 4)).toBe(errorCodes.NONE);
    expect((await produce(client, 't', ['a'], { partition: 3 })).errorCode).toBe(0);
  });

  it('are described with lists where Java cannot read null, and with a cursor', async () => {
    const { client } = await scene();
    await makeTopic(client, 'a', 3);
    await makeTopic(client, 'b', 3);
    const first = await client.call(describeTopicPartitionsApi, 0, { topics: [], responsePartitionLimit: 4 });
    expect(first.topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    expect(first.nextCursor).toEqual({ topicName: 'b', partitionIndex: 1 });
    for (const { partitions } of first.topics) {
      for (const partition of partitions) {
        expect([partition.eligibleLeaderReplicas, partition.lastKnownElr]).toEqual([[], []]);
      }
    }
    const second = await client.call(describeTopicPartitionsApi, 0, { topics: [], cursor: first.nextCursor });
    expect(second.topics.map(({ name, partitions }) => [name, partitions[0]!.partitionIndex])).toEqual([['b', 1]]);
    expect(second.nextCursor).toBe(null);
  });
});

describe('settings', () => {
  it('are changed one by one, and all or none of a resource', async () => {
    const { client } = await scene();
    await makeTopic(client, 't', 1, { 'retention.ms': '1' });
    const alter = async (...configs: [string, number, string | null][]) => {
      const changes = configs.map(([name, configOperation, value]) => ({ name, configOperation, value }));
      const resources = [{ resourceType: TOPIC, resourceName: 't', configs: changes }];
      const answer = await client.call(incrementalAlterConfigsApi, 1, { resources, validateOnly: false });
      return answer.responses[0]!.errorCode;
    };
    expect(await alter(['segment.bytes', 0, '1000000'], ['cleanup.policy', 2, 'compact'])).toBe(0);
    expect((await configsOf(client, 't')).get('cleanup.policy')).toBe('delete,compact');
    expect(await alter(['cleanup.policy', 3, 'delete'], ['retention.ms', 1, null])).toBe(0);
    expect(await alter(['segment.bytes', 0, '2000000'], ['retention.ms', 0, 'x'])).toBe(errorCodes.INVALID_CONFIG);
    expect(await alter(['retention.ms', 2, '5'])).toBe(errorCodes.INVALID_CONFIG);
    const configs = await configsOf(client, 't');
    expect(['cleanup.policy', 'segment.bytes', 'retention.ms'].map((name) => configs.get(name))).toEqual([
      'compact',
      '1000000',
      '-1',
    ]);
  });

  it('are replaced as a whole by the old API', async () => {
    const { client } = await scene();
    await makeTopic(client, 't', 1, { 'retention.ms': '1' });
    const configs = [{ name: 'segment.bytes', value: '5000' }];
    const resources = [{ resourceType: TOPIC, resourceName: 't', configs }];
    await client.call(alterConfigsApi, 2, { resources, validateOnly: true });
    expect((await configsOf(client, 't')).get('retention.ms')).toBe('1');
    await client.call(alterConfigsApi, 2, { resources, validateOnly: false });
    const after = await configsOf(client, 't');
    expect([after.get('retention.ms'), after.get('segment.bytes')]).toEqual(['-1', '5000']);
  });

  it('of Apache Kafka are all known; those without an effect on one node are taken and shown', async () => {
    const { client } = await scene();
    const set = { 'compression.type': 'lz4', 'compression.lz4.level': '12', 'min.insync.replicas': '2' };
    await makeTopic(client, 't', 1, set);
    const configs = await configsOf(client, 't');
    for (const [name, value] of Object.entries(set)) expect(configs.get(name)).toBe(value);
    // As many as Apache Kafka 4.3.1 has.
    expect(configs.size).toBe(33);
    expect((await produce(client, 't', ['v'])).errorCode).toBe(0);
  });

  it('of the broker can be seen and not be changed', async () => {
    const { client } = await scene();
    const { results } = await client.call(describeConfigsApi, 4, {
      resources: [{ resourceType: 4, resourceName: '0', configurationKeys: ['log.retention.ms', 'log.dirs'] }],
      includeSynonyms: true,
      includeDocumentation: true,
    });
    expect(results[0]!.configs.map(({ name, value, readOnly }) => [name, value, readOnly])).toEqual([
      ['log.dirs', '/data', true],
      ['log.retention.ms', '-1', true],
    ]);
    const resources = [{ resourceType: 4, resourceName: '0', configs: [{ name: 'log.retention.ms', value: '1' }] }];
    const { responses } = await client.call(alterConfigsApi, 2, { resources, validateOnly: false });
    expect(responses[0]!.errorCode).toBe(errorCodes.INVALID_REQUEST);
  });
});

describe('metadata', () => {
  it('of a topic that is named by its id is given from version 12 on', async () => {
    const { client } = await scene();
    const topicId = await makeTopic(client, 't');
    for (const [version, errorCode] of [
      [10, errorCodes.INVALID_REQUEST],
      [11, errorCodes.INVALID_REQUEST],
      [12, errorCodes.NONE],
    ] as const) {
      const { topics } = await client.call(metadataApi, version, { topics: [{ name: null, topicId }] });
      expect([version, topics[0]!.errorCode]).toEqual([version, errorCode]);
    }
  });
});

describe('offsets', () => {
  it('are found by place and by time, inside a batch too', async () => {
    const { client } = await scene();
    await makeTopic(client, 't', 1, { 'segment.bytes': '400' });
    const start = 1_600_000_000_000;
    for (let n = 0; n < 12; n++) await produce(client, 't', batchOf(['a', 'b'], undefined, start + n * 1000));
    expect(await offsetFor(client, -2)).toEqual([0n, -1n]);
    expect(await offsetFor(client, -1)).toEqual([24n, -1n]);
    expect(await offsetFor(client, -3)).toEqual([22n, BigInt(start + 11_000)]);
    expect(await offsetFor(client, start + 4500)).toEqual([10n, BigInt(start + 5000)]);
    expect(await offsetFor(client, start + 5000)).toEqual([10n, BigInt(start + 5000)]);
    expect(await offsetFor(client, start + 99_000)).toEqual([-1n, -1n]);
    expect(await offsetFor(client, -5)).toEqual([-1n, -1n]);
  });

  it('of the record with the latest time: no marker is one', async () => {
    const { client, clock, running } = await scene();
    await makeTopic(client, 't');
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true };
    const partition = running.broker.topics.partition('t', 0)!;
    partition.append(batchOf(['a', 'b'], producer, clock.now() - 5000));
    await partition.appendMarker({ producerId: 1, producerEpoch: 0, commit: true, coordinatorEpoch: 0 });
    expect(await offsetFor(client, -3)).toEqual([0n, BigInt(clock.now() - 5000)]);
  });

  it('a reader of committed records finds the end where the beginning of an open transaction was deleted', async () => {
    const { client, running } = await scene();
    await makeTopic(client, 't');
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true };
    running.broker.topics.partition('t', 0)!.append(batchOf(['a', 'b'], producer));
    await produce(client, 't', ['c']);
    expect(await offsetFor(client, -1, true)).toEqual([0n, -1n]);
    expect(await trim(client, 2n)).toMatchObject({ lowWatermark: 2n });
    expect(await offsetFor(client, -1, true)).toEqual([2n, -1n]);
    const { errorCode, lastStableOffset } = await fetchFrom(client, 't', 2, { committed: true });
    expect([errorCode, lastStableOffset]).toEqual([0, 2n]);
  });

  it('go on behind what was deleted, where damage took more than that', async () => {
    const stage = await scene({ repair: true });
    const id = await makeTopic(stage.client, 't', 1);
    for (let n = 0; n < 10; n++) await produce(stage.client, 't', [`v${n}`]);
    await trim(stage.client, 8n);
    await stage.running.close();
    const segment = `/data/topics/${id}/0/00000000000000000000`;
    stage.files.remove(`${segment}.index`);
    stage.files.flipBit(`${segment}.log`, 250, 3);
    for (let n = 0; n < 3; n++) {
      await stage.restart();
      expect([await offsetFor(stage.client, -2), await offsetFor(stage.client, -1)]).toEqual([
        [8n, -1n],
        [BigInt(8 + n), -1n],
      ]);
      expect(await produce(stage.client, 't', [`new ${n}`])).toMatchObject({ errorCode: 0, baseOffset: BigInt(8 + n) });
      expect(valuesIn((await fetchFrom(stage.client, 't', 8)).records)).toHaveLength(n + 1);
    }
  });

  it('before a deletion of records are out of range, after a restart too', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't', 1, { 'segment.bytes': '250' });
    for (let n = 0; n < 10; n++) await produce(stage.client, 't', [`v${n}`]);
    expect(await trim(stage.client, 11n)).toMatchObject({ errorCode: errorCodes.OFFSET_OUT_OF_RANGE });
    expect(await trim(stage.client, 7n)).toMatchObject({ errorCode: 0, lowWatermark: 7n });
    expect(await trim(stage.client, 3n)).toMatchObject({ errorCode: 0, lowWatermark: 7n });
    for (let round = 0; round < 2; round++) {
      expect(await offsetFor(stage.client, -2)).toEqual([7n, -1n]);
      expect((await fetchFrom(stage.client, 't', 6)).errorCode).toBe(errorCodes.OFFSET_OUT_OF_RANGE);
      expect(valuesIn((await fetchFrom(stage.client, 't', 7)).records)).toContain('v7');
      await stage.restart();
    }
    expect(await trim(stage.client, -1n)).toMatchObject({ errorCode: 0, lowWatermark: 10n });
    expect((await produce(stage.client, 't', ['v10'])).baseOffset).toBe(10n);
    await stage.restart();
    expect(await offsetFor(stage.client, -2)).toEqual([10n, -1n]);
    expect(valuesIn((await fetchFrom(stage.client, 't', 10)).records)).toEqual(['v10']);
  });
});

describe('retention', () => {
  it('by time removes what is older by event time; the default keeps everything', async () => {
    const { client, clock } = await scene();
    await makeTopic(client, 't', 1, { 'retention.ms': '60000', 'segment.bytes': '250' });
    await makeTopic(client, 'kept', 1, { 'segment.bytes': '250' });
    for (const topic of ['t', 'kept']) {
      for (let n = 0; n < 10; n++)
        await produce(client, topic, batchOf([`v${n}`], undefined, clock.now() - 80_000 + n * 5000));
    }
    clock.jump(16_000);
    expect((await fetchFrom(client, 'kept', 0)).logStartOffset).toBe(0n);
    expect((await fetchFrom(client, 't', 9)).logStartOffset).toBeGreaterThan(5n);
    clock.jump(60_000);
    expect((await fetchFrom(client, 't', 10)).logStartOffset).toBe(10n);
    expect((await produce(client, 't', ['v10'])).baseOffset).toBe(10n);
  });

  it('by size removes the oldest segments', async () => {
    const { client, clock, running } = await scene();
    await makeTopic(client, 't', 1, { 'retention.bytes': '500', 'segment.bytes': '250' });
    for (let n = 0; n < 30; n++) await produce(client, 't', [`v${n}`]);
    clock.jump(16_000);
    const partition = running.broker.topics.partition('t', 0)!;
    expect(partition.bytes).toBeLessThan(1000);
    expect(partition.bytes).toBeGreaterThanOrEqual(500);
    expect(valuesIn((await fetchFrom(client, 't', 29)).records)).toEqual(['v29']);
  });
});
