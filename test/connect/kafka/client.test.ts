import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAdmin } from '../../../src/connect/kafka/admin.js';
import { KafkaClient } from '../../../src/connect/kafka/client.js';
import { listOffsets } from '../../../src/connect/kafka/list-offsets.js';
import { committedOffsets } from '../../../src/connect/kafka/offsets.js';
import { readClientSettings } from '../../../src/connect/kafka/settings.js';
import { testEdges } from '../../support/client-edges.js';
import { startTestBroker } from '../../support/test-broker.js';
import { type Cluster, startCluster } from './cluster-harness.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describe('KafkaClient', () => {
  it('says at once that nobody answers', async () => {
    const client = new KafkaClient(
      readClientSettings(['127.0.0.1:1', '127.0.0.1:2'], {}, () => ''),
      testEdges(),
    );
    await expect(client.cluster()).rejects.toMatchObject({
      code: 'broker-unreachable',
      exit: 3,
      message: 'none of 2 brokers answers',
      detail: expect.stringContaining('127.0.0.1:2'),
    });
    await client.close();
  });

  it('names the topics that exist beside one that does not', async () => {
    await cluster.topic('there', 1);
    await expect(cluster.client.topic('nowhere')).rejects.toMatchObject({
      code: 'not-found',
      message: 'topic "nowhere" does not exist',
      detail: expect.stringContaining('there'),
    });
  });

  it('goes on after the broker was started again', async () => {
    const first = await startTestBroker();
    const { folder, running } = first;
    const client = new KafkaClient({ ...first.settings, retryBackoffMs: 5 }, testEdges());
    await client.cluster();
    await running.close();
    const again = client.cluster();
    const second = await startTestBroker({ dataFolder: folder, port: running.port });
    expect((await again).brokers).toHaveLength(1);
    await client.close();
    await second.stop();
  });

  it('takes a broker that speaks another protocol for what it is', async () => {
    const { network } = testEdges();
    const listener = await network.listen('127.0.0.1', 0, (connection) => {
      connection.onData(() => connection.send([new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')]));
      connection.onClose(() => undefined);
    });
    const client = new KafkaClient(
      readClientSettings([`127.0.0.1:${listener.port}`], {}, () => ''),
      testEdges(),
    );
    await expect(client.cluster()).rejects.toMatchObject({ code: 'malformed-frame' });
    await client.close();
    await listener.close();
  });

  it('gives up a request that is never answered', async () => {
    const { network } = testEdges();
    const listener = await network.listen('127.0.0.1', 0, (connection) => {
      connection.onData(() => undefined);
      connection.onClose(() => undefined);
    });
    const settings = readClientSettings([`127.0.0.1:${listener.port}`], { 'request.timeout.ms': '50' }, () => '');
    const client = new KafkaClient(settings, testEdges());
    await expect(client.cluster()).rejects.toMatchObject({
      code: 'broker-unreachable',
      message: expect.stringContaining('50 ms'),
    });
    await client.close();
    await listener.close();
  });
});

describe('openAdmin', () => {
  it('tells what became of each topic', async () => {
    const admin = openAdmin(cluster.client);
    const created = await admin.createTopics([
      { name: 'new', partitions: 2, replicas: -1, configs: { 'retention.ms': '5000' } },
      { name: 'bad name', partitions: 1, replicas: 1 },
    ]);
    expect(created.map(({ error }) => error)).toEqual(['NONE', 'INVALID_TOPIC_EXCEPTION']);
    expect((await admin.createTopics([{ name: 'new', partitions: 2, replicas: -1 }]))[0]!.error).toBe(
      'TOPIC_ALREADY_EXISTS',
    );
    expect((await admin.createPartitions('new', 3)).error).toBe('NONE');
    expect((await cluster.client.topic('new')).partitions).toHaveLength(3);
    expect((await admin.createPartitions('new', 1)).error).toBe('INVALID_PARTITIONS');
    expect((await admin.alterTopicConfigs('new', [{ name: 'cleanup.policy', set: 'compact' }])).error).toBe('NONE');
    const configs = (await admin.describeTopicConfigs(['new'])).get('new')!;
    const own = configs.filter(({ source }) => source === 'topic').map(({ name, value }) => `${name}=${value}`);
    expect(own.sort()).toEqual(['cleanup.policy=compact', 'retention.ms=5000']);
    expect((await admin.deleteTopics(['new', 'nowhere'])).map(({ error }) => error)).toEqual([
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ]);
    await admin.close();
  });
});

describe('offsets', () => {
  it('lists first, last and by time; groups without commits have none', async () => {
    const topic = await cluster.topic('times', 1);
    const { RecordProducer } = await import('../../../src/connect/kafka/producer.js');
    const producer = new RecordProducer(cluster.client);
    await producer.prepare(topic);
    for (const time of [1000, 2000, 3000]) producer.append(topic, 0, null, null, undefined, time);
    await producer.close();
    const partitions = [{ topic, partition: 0 }];
    const at = async (point: Parameters<typeof listOffsets>[2]) =>
      (await listOffsets(cluster.client, partitions, point))[0]!.offset;
    expect([await at('start'), await at('end'), await at({ atMs: 1500 }), await at({ atMs: 9000 })]).toEqual([
      0, 3, 1, 3,
    ]);
    expect(await committedOffsets(cluster.client, 'nobody', partitions)).toEqual([]);
  });
});
