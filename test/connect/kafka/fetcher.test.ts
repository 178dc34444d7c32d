import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { equalBytes, utf8 } from '../../../src/base/bytes.js';
import { seededRandom } from '../../../src/base/random.js';
import { systemNetwork } from '../../../src/base/system.js';
import { openAdmin } from '../../../src/connect/kafka/admin.js';
import { PartitionFetcher } from '../../../src/connect/kafka/fetcher.js';
import type { FetchedRecords } from '../../../src/connect/kafka/interfaces.js';
import { RecordProducer } from '../../../src/connect/kafka/producer.js';
import { BATCH_HEADER_BYTES, readCompleteBatches } from '../../../src/wire/record-batch.js';
import { RecordCursor } from '../../../src/wire/record-cursor.js';
import { FaultyNetwork } from '../../support/faulty-network.js';
import { type Cluster, readAll, startCluster } from './cluster-harness.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

/** A topic with `count` numbered records in turn over its partitions, in batches of about five. */
async function numbered(name: string, partitions: number, count: number): Promise<string> {
  const topic = await cluster.topic(name, partitions);
  const producer = new RecordProducer(cluster.client, { batchBytes: 130, lingerMs: 0 });
  await producer.prepare(topic);
  for (let index = 0; index < count; index++) producer.append(topic, index % partitions, null, utf8(`value-${index}`));
  await producer.close();
  return topic;
}

describe('PartitionFetcher', () => {
  it('gives whole batches of all partitions, and knows when it is caught up', async () => {
    const topic = await numbered('fetched', 2, 100);
    const fetcher = new PartitionFetcher(cluster.client, { maxWaitMs: 20 });
    fetcher.assign([
      { topic, partition: 0, offset: 0 },
      { topic, partition: 1, offset: 23 },
    ]);
    const seen = [0, 0];
    while (fetcher.position({ topic, partition: 0 })! < 50 || fetcher.position({ topic, partition: 1 })! < 50) {
      const fetched = await fetcher.next(1000);
      seen[fetched!.partition]! += fetched!.nextOffset - fetched!.fromOffset;
    }
    expect(seen).toEqual([50, 27]);
    expect(fetcher.endOffset({ topic, partition: 0 })).toBe(50);
    expect(await fetcher.next(30)).toBeUndefined();
    await fetcher.close();
    expect(await fetcher.next(30)).toBeUndefined();
  });

  it('gets new records as they come, and wakes when told', async () => {
    const topic = await cluster.topic('live', 1);
    const fetcher = new PartitionFetcher(cluster.client);
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    const waiting = fetcher.next(60_000);
    const producer = new RecordProducer(cluster.client, { lingerMs: 0 });
    await producer.prepare(topic);
    producer.append(topic, 0, null, utf8('x'));
    expect((await waiting)?.nextOffset).toBe(1);
    const woken = fetcher.next(60_000);
    fetcher.wake();
    expect(await woken).toBeUndefined();
    await fetcher.close();
    await producer.close();
  });

  it('keeps back what was fetched of paused partitions, drops what was fetched of removed ones', async () => {
    const topic = await numbered('paused', 2, 40);
    const fetcher = new PartitionFetcher(cluster.client, { maxWaitMs: 20 });
    const [first, second] = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
    fetcher.assign([first!, second!]);
    await fetcher.next(1000);
    fetcher.pause([second!]);
    fetcher.remove([first!]);
    expect(await fetcher.next(50)).toBeUndefined();
    const taken = fetcher.position(second!)!;
    fetcher.resume([second!]);
    if (taken < 20) expect(await fetcher.next(1000)).toMatchObject({ partition: 1, fromOffset: taken });
    expect(fetcher.assignment()).toEqual([{ topic, partition: 1 }]);
    await fetcher.close();
  });

  it('asks for more where a batch is larger than the bound', async () => {
    const topic = await cluster.topic('large', 1);
    const producer = new RecordProducer(cluster.client);
    await producer.prepare(topic);
    producer.append(topic, 0, null, new Uint8Array(300_000));
    await producer.close();
    const fetcher = new PartitionFetcher(cluster.client, { maxPartitionBytes: 1000, maxBytes: 1000 });
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    expect((await fetcher.next(5000))?.records.length).toBeGreaterThan(300_000);
    await fetcher.close();
  });

  it('uses the arrays of what was released again, and of nothing else', async () => {
    const topic = await cluster.topic('released', 3);
    const producer = new RecordProducer(cluster.client, { batchBytes: 40_000, lingerMs: 0 });
    await producer.prepare(topic);
    for (let index = 0; index < 900; index++) {
      producer.append(topic, index % 3, null, new Uint8Array(2000).fill(index));
      await producer.ready();
    }
    await producer.close();
    const random = seededRandom(7);
    const fetcher = new PartitionFetcher(cluster.client, { maxPartitionBytes: 90_000, prefetchBytes: 300_000 });
    const arrays = new Set<ArrayBufferLike>();
    const pieces: { readonly fetched: FetchedRecords; readonly bytes: Uint8Array }[] = [];
    const held: typeof pieces = [];
    fetcher.assign([0, 1, 2].map((partition) => ({ topic, partition, offset: 0 })));
    while ([0, 1, 2].some((partition) => (fetcher.position({ topic, partition }) ?? 0) < 300)) {
      const fetched = (await fetcher.next(5000))!;
      arrays.add(fetched.records.buffer);
      const piece = { fetched, bytes: fetched.records.slice() };
      pieces.push(piece);
      held.push(piece);
      // Some are looked at for long.
      while (held.length > 4 || (held.length > 0 && random.next() < 0.7)) {
        const [{ fetched: done, bytes }] = held.splice(Math.floor(random.next() * held.length), 1) as [typeof piece];
        expect(equalBytes(done.records, bytes)).toBe(true);
        fetcher.release(done);
      }
    }
    for (const { fetched, bytes } of held) expect(equalBytes(fetched.records, bytes)).toBe(true);
    expect(arrays.size).toBeLessThan(pieces.length / 3);
    await fetcher.close();
    const next = [0, 0, 0];
    for (const { fetched, bytes } of pieces) {
      expect(fetched.fromOffset).toBe(next[fetched.partition]);
      next[fetched.partition] = fetched.nextOffset;
      const cursor = new RecordCursor();
      for (const header of readCompleteBatches(bytes)) {
        cursor.open(header, bytes.subarray(header.start + BATCH_HEADER_BYTES, header.end));
        while (cursor.next()) {
          const index = cursor.offset * 3 + fetched.partition;
          expect(equalBytes(cursor.value()!, new Uint8Array(2000).fill(index))).toBe(true);
        }
      }
    }
  });

  it('says when an offset is gone, or goes on elsewhere if told so', async () => {
    const topic = await numbered('trimmed', 1, 20);
    const admin = openAdmin(cluster.client);
    await admin.deleteRecords([{ topic, partition: 0, offset: 7 }]);
    await admin.close();
    const strict = new PartitionFetcher(cluster.client);
    strict.assign([{ topic, partition: 0, offset: 3 }]);
    await expect(strict.next(5000)).rejects.toMatchObject({
      code: 'not-found',
      detail: 'the partition holds offsets 7 to 19',
    });
    await strict.close();
    for (const [onOffsetGone, position] of [
      ['earliest', 7],
      ['latest', 20],
    ] as const) {
      const lenient = new PartitionFetcher(cluster.client, { onOffsetGone, maxWaitMs: 20 });
      lenient.assign([{ topic, partition: 0, offset: 3 }]);
      await lenient.next(300);
      expect(lenient.position({ topic, partition: 0 })).toBeGreaterThanOrEqual(position);
      await lenient.close();
    }
  });

  it('fails for a topic that does not exist', async () => {
    const client = cluster.connect(systemNetwork, { retryTimeoutMs: 100 });
    const fetcher = new PartitionFetcher(client);
    fetcher.assign([{ topic: 'nowhere', partition: 0, offset: 0 }]);
    await expect(fetcher.next(5000)).rejects.toMatchObject({ code: 'not-found' });
    await fetcher.close();
  });

  it.each([1, 2, 3])('loses and doubles nothing over connections that break (seed %i)', async (seed) => {
    const topic = await numbered(`broken-${seed}`, 2, 300);
    const network = new FaultyNetwork(systemNetwork, seededRandom(seed), 6);
    network.active = false;
    const client = cluster.connect(network, { retryBackoffMs: 1, retryBackoffMaxMs: 5 });
    await client.topic(topic);
    network.active = true;
    const fetcher = new PartitionFetcher(client, { maxWaitMs: 10, maxPartitionBytes: 300 });
    fetcher.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })));
    const next = [0, 0];
    while (next[0]! + next[1]! < 300) {
      const fetched = await fetcher.next(1000);
      if (!fetched) continue;
      expect(fetched.fromOffset).toBe(next[fetched.partition]);
      next[fetched.partition] = fetched.nextOffset;
    }
    expect(network.broken).toBeGreaterThan(0);
    await fetcher.close();
  });

  it('leaves out what aborted transactions wrote, also between batches that count', async () => {
    const topic = await cluster.topic('aborted', 1);
    const producer = new RecordProducer(cluster.client, { transactionalId: 'aborts' });
    await producer.prepare(topic);
    for (const [value, commits] of [
      ['a', true],
      ['b', false],
      ['c', false],
      ['d', true],
    ] as const) {
      producer.begin();
      producer.append(topic, 0, null, utf8(value));
      await (commits ? producer.commit() : producer.abort());
    }
    await producer.close();
    expect((await readAll(cluster.client, topic)).map(({ value }) => value)).toEqual(['a', 'd']);
  });
});
