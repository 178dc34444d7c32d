import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import { seededRandom } from '../../../src/base/random.js';
import { systemNetwork } from '../../../src/base/system.js';
import type { Acknowledged } from '../../../src/connect/kafka/interfaces.js';
import { topicRanges } from '../../../src/connect/kafka/offsets.js';
import { RecordProducer, rawHeaders } from '../../../src/connect/kafka/producer.js';
import { partitionOfKey } from '../../../src/wire/murmur2.js';
import type { RecordRun } from '../../../src/wire/record-batch-builder.js';
import { FaultyNetwork } from '../../support/faulty-network.js';
import { type Cluster, readAll, startCluster } from './cluster-harness.js';

/** A run of texts, numbered from `first` on. */
function runOf(texts: readonly string[], headers: Uint8Array, first: number): RecordRun {
  const values = texts.map(utf8);
  let end = -1;
  return {
    count: values.length,
    bytes: utf8(texts.join('\n')),
    ends: Int32Array.from(values, ({ length }) => (end += length + 1)),
    headers,
    numbers: Float64Array.from(values, (_, index) => first + index),
  };
}

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describe('RecordProducer', () => {
  it('sends keys, values, headers and times as they are; keys decide the partition as in other clients', async () => {
    const topic = await cluster.topic('plain', 3);
    const acknowledged: Acknowledged[] = [];
    const producer = new RecordProducer(cluster.client, { onAcknowledged: (batch) => void acknowledged.push(batch) });
    await producer.prepare(topic);
    producer.append(
      topic,
      undefined,
      utf8('k1'),
      utf8('v1'),
      [
        ['h', utf8('x')],
        ['n', null],
      ],
      1234,
      7,
    );
    producer.append(topic, 2, null, null, [], 5);
    producer.append(topic, undefined, utf8('k2'), utf8(''), undefined, 6, 9);
    await producer.flush();
    const records = await readAll(cluster.client, topic);
    const first = records.find(({ key }) => key === 'k1')!;
    expect(first).toMatchObject({ partition: partitionOfKey(utf8('k1'), 3), value: 'v1', timestampMs: 1234 });
    expect(first.headers).toEqual({ h: 'x', n: null });
    expect(records.find(({ key }) => key === null)).toMatchObject({ partition: 2, value: null });
    expect(records.find(({ key }) => key === 'k2')).toMatchObject({ value: '' });
    expect(acknowledged.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect(acknowledged.map(({ lastTag }) => lastTag)).toContain(9);
    await producer.close();
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'keeps the order within a partition, packed by %s',
    async (compression) => {
      const topic = await cluster.topic(`order-${compression}`, 2);
      const producer = new RecordProducer(cluster.client, { compression, batchBytes: 500, lingerMs: 0 });
      await producer.prepare(topic);
      for (let index = 0; index < 300; index++) {
        if (!producer.append(topic, index % 2, null, utf8(`value ${index}`))) await producer.ready();
      }
      await producer.close();
      const values = (await readAll(cluster.client, topic)).map(({ value }) => Number(value!.slice(6)));
      expect(values).toEqual([
        ...Array.from({ length: 150 }, (_, i) => 2 * i),
        ...Array.from({ length: 150 }, (_, i) => 2 * i + 1),
      ]);
    },
  );

  it.each([300, 1000, 1_000_000])(
    'sends a run as it sends its records one by one, in batches of %d',
    async (batchBytes) => {
      const topic = await cluster.topic(`run-${batchBytes}`, 2);
      const batches: Acknowledged[][] = [[], []];
      const producer = new RecordProducer(cluster.client, {
        batchBytes,
        lingerMs: 60_000,
        onAcknowledged: (batch) => void batches[batch.partition]!.push({ ...batch, partition: 0 }),
      });
      await producer.prepare(topic);
      // Small ones, one larger than a batch, more of them than are added at once; numbers of two lengths.
      const texts = Array.from({ length: 300 }, (_, index) => `${index} `.padEnd((index * 37) % 290, 'x'));
      texts[20] = 'y'.repeat(400);
      const headers = (number: string) =>
        rawHeaders([
          ['h', utf8('same')],
          ['n', utf8(number)],
        ]);
      const run = runOf(texts, headers('').slice(0, -1), 90);
      for (let index = 0; index < run.count; ) index = producer.appendRun(topic, 0, run, index, 77, 100);
      for (const [index, text] of texts.entries())
        producer.appendRaw(topic, 1, null, utf8(text), headers(String(90 + index)), 77, 100 + index);
      await producer.close();
      expect(batches[0]).toEqual(batches[1]);
      const records = await readAll(cluster.client, topic);
      const seen = [0, 1].map((number) =>
        records.filter(({ partition }) => partition === number).map(({ partition: _, ...record }) => record),
      );
      expect(seen[0]).toEqual(seen[1]);
      expect(seen[0]!.map(({ value }) => value)).toEqual(texts);
    },
  );

  it('says when its buffer is full, and resumes when there is room', async () => {
    const topic = await cluster.topic('full', 1);
    const producer = new RecordProducer(cluster.client, { bufferBytes: 4_000, batchBytes: 1_000 });
    await producer.prepare(topic);
    let refusals = 0;
    for (let index = 0; index < 200; index++) {
      if (producer.append(topic, 0, null, new Uint8Array(100))) continue;
      refusals++;
      await producer.ready();
    }
    await producer.close();
    expect(refusals).toBeGreaterThan(2);
    expect((await topicRanges(cluster.client, topic))[0]!.latest).toBe(200);
  });

  it('refuses topics and partitions that do not exist', async () => {
    const producer = new RecordProducer(cluster.client);
    await expect(producer.prepare('nowhere')).rejects.toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('topics create'),
    });
    const topic = await cluster.topic('one', 1);
    await producer.prepare(topic);
    expect(() => producer.append(topic, 1, null, null)).toThrow(expect.objectContaining({ code: 'not-found' }));
    await producer.close(true);
  });

  it('ends with what the broker refuses', async () => {
    const topic = await cluster.topic('small', 1);
    const producer = new RecordProducer(cluster.client, { batchBytes: 3_000_000 });
    await producer.prepare(topic);
    producer.append(topic, 0, null, new Uint8Array(2_000_000));
    await expect(producer.flush()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('MESSAGE_TOO_LARGE'),
    });
    expect(() => producer.append(topic, 0, null, null)).toThrow('MESSAGE_TOO_LARGE');
  });

  it.each([1, 2, 3, 4, 5])(
    'writes every record once, in order, over connections that break (seed %i)',
    async (seed) => {
      const topic = await cluster.topic(`faulty-${seed}`, 3);
      const network = new FaultyNetwork(systemNetwork, seededRandom(seed), 12);
      network.active = false;
      const client = cluster.connect(network, { retryBackoffMs: 1, retryBackoffMaxMs: 10 });
      const acknowledged: Acknowledged[] = [];
      const producer = new RecordProducer(client, {
        batchBytes: 400,
        lingerMs: 0,
        onAcknowledged: (batch) => void acknowledged.push(batch),
      });
      await producer.prepare(topic);
      network.active = true;
      for (let index = 0; index < 600; index++) {
        if (!producer.append(topic, index % 3, null, utf8(String(index)), undefined, -1, index)) await producer.ready();
        if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await producer.close();
      expect(network.broken).toBeGreaterThan(0);
      const values = (await readAll(cluster.client, topic)).map(({ partition, value }) => [partition, Number(value)]);
      const expected = [0, 1, 2].flatMap((partition) =>
        Array.from({ length: 200 }, (_, i) => [partition, 3 * i + partition]),
      );
      expect(values).toEqual(expected);
      expect(acknowledged.reduce((sum, { count }) => sum + count, 0)).toBe(600);
    },
  );

  it('shows records of a transaction only when it is committed, its offsets with it', async () => {
    const topic = await cluster.topic('transacted', 2);
    const producer = new RecordProducer(cluster.client, { transactionalId: 'tx' });
    await producer.prepare(topic);
    const values = async (): Promise<(string | null)[]> =>
      (await readAll(cluster.client, topic)).map(({ value }) => value);
    producer.begin();
    producer.append(topic, 0, null, utf8('one'));
    await producer.flush();
    expect(await values()).toEqual([]);
    await producer.commit();
    producer.begin();
    producer.append(topic, 0, null, utf8('gone'));
    producer.append(topic, 1, null, utf8('gone too'));
    await producer.abort();
    producer.begin();
    producer.append(topic, 1, null, utf8('two'));
    await producer.sendOffsets([{ topic, partition: 0, offset: 3 }], {
      groupId: 'g',
      memberId: '',
      generation: -1,
      instanceId: null,
    });
    await producer.commit();
    expect(await values()).toEqual(['one', 'two']);
    await producer.close();
  });

  it('fences the producer before it with the same transactional id', async () => {
    const topic = await cluster.topic('fenced', 1);
    const old = new RecordProducer(cluster.client, { transactionalId: 'same' });
    await old.prepare(topic);
    old.begin();
    const next = new RecordProducer(cluster.client, { transactionalId: 'same' });
    await next.prepare(topic);
    old.append(topic, 0, null, utf8('late'));
    await expect(old.commit()).rejects.toMatchObject({ code: 'broker-refused' });
    next.begin();
    next.append(topic, 0, null, utf8('new'));
    await next.commit();
    expect((await readAll(cluster.client, topic)).map(({ value }) => value)).toEqual(['new']);
    await next.close();
  });
});
