import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../../../src/base/bytes.js';
import { type Random, seededRandom } from '../../../../src/base/random.js';
import { openAdmin } from '../../../../src/connect/kafka/admin.js';
import { RecordProducer } from '../../../../src/connect/kafka/producer.js';
import { findResumePoint } from '../../../../src/connect/sources/replay/resume-point.js';
import type { RowReader } from '../../../../src/connect/sources/replay/row-reader.js';
import { type Cluster, type SeenRecord, startCluster } from '../../kafka/cluster-harness.js';
import { readAll, replayText, replayTopic } from './replay-harness.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const ROWS = 400;
const table = `id,name\n${Array.from({ length: ROWS }, (_, index) => `${index + 1},n${(index * 7) % 23}\n`).join('')}`;

/** What a killed replay still had on its way: the next records of each partition, as it would have sent them. */
class LateBatches {
  readonly #topic: string;
  readonly #expected: readonly SeenRecord[];
  readonly #random: Random;

  constructor(topic: string, expected: readonly SeenRecord[], random: Random) {
    this.#topic = topic;
    this.#expected = expected;
    this.#random = random;
  }

  /** Makes up to five batches a partition, that go out when the function given back is called. */
  async prepare(): Promise<() => Promise<void>> {
    const topic = this.#topic;
    const there = await readAll(cluster.client, topic);
    const { producer: former } = await findResumePoint(cluster.client, topic, `${topic}-lots`, 'file.csv');
    const producer = new RecordProducer(cluster.client, {
      lingerMs: 60_000,
      batchBytes: 100 + this.#random.below(2000),
    });
    producer.continueAs(former!);
    const { partitions } = await producer.prepare(topic);
    for (const { partition } of partitions) {
      const from = there.filter((record) => record.partition === partition).length;
      const rest = this.#expected.filter((record) => record.partition === partition).slice(from);
      for (const { key, value, headers } of rest.slice(0, this.#random.below(30))) {
        const pairs = Object.entries(headers).map(([name, text]) => [name, utf8(text!)] as const);
        producer.append(topic, partition, key === null ? null : utf8(key), utf8(value!), pairs);
      }
    }
    // The broker may refuse them: the one who sent them is dead and does not hear of it.
    return () => producer.close().catch(() => undefined);
  }
}

/** Calls `act` once, when so many rows were read. */
function actingAfter(rows: number, act: () => Promise<void>): (reader: RowReader) => RowReader {
  let isDone = false;
  return (reader) => ({
    shape: reader.shape,
    get row() {
      return reader.row;
    },
    read: async (block, maxRows) => {
      if (!isDone && reader.row >= rows) {
        isDone = true;
        await act();
      }
      return reader.read(block, maxRows);
    },
    rewind: () => reader.rewind(),
    remarks: () => reader.remarks(),
  });
}

describe('batches of a killed replay that come late', () => {
  it.each(Array.from({ length: 24 }, (_, index) => index + 1))(
    'stand in the topic once, whether they come before or after what the resumed replay sends (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const partitions = 1 + random.below(3);
      const batch = 1 + random.below(40);
      const options = { batch, ...(random.below(2) === 0 ? { open: { key: 'name' } } : {}) };
      const compression = (['none', 'gzip', 'zstd'] as const)[random.below(3)]!;
      const whole = await replayTopic(cluster, `late-whole-${seed}`, partitions);
      await replayText(cluster.client, whole, table, options);
      const expected = await readAll(cluster.client, whole);
      const topic = await replayTopic(cluster, `late-${seed}`, partitions);
      const first = batch * (1 + random.below(Math.floor(200 / batch)));
      await replayText(cluster.client, topic, table, { ...options, limit: first, compression });
      const late = await new LateBatches(topic, expected, random).prepare();
      // Before the first lot that is new, amid the sending, or when all is done.
      const at = [0, first + random.below(200), ROWS * 2][random.below(3)]!;
      const around = actingAfter(at, late);
      const report = await replayText(cluster.client, topic, table, { ...options, compression, resume: true, around });
      await late();
      const seen = (await readAll(cluster.client, topic)).map(({ partition, value }) => [partition, value]);
      expect(seen).toEqual(expected.map(({ partition, value }) => [partition, value]));
      expect(report.rows).toBeLessThanOrEqual(ROWS - first);
      const lots = async (name: string): Promise<unknown[]> =>
        (await readAll(cluster.client, `${name}-lots`)).map(({ value }) => {
          const { topic: _, closedAt: __, ...lot } = JSON.parse(value!) as Record<string, unknown>;
          return lot;
        });
      expect(await lots(topic)).toEqual(await lots(whole));
    },
  );

  it('do not stand in the way where the broker knows more of the killed replay than the topic shows', async () => {
    const topic = await replayTopic(cluster, 'deleted', 2);
    const options = { batch: 10, open: { key: 'name' } };
    await replayText(cluster.client, topic, table, { ...options, limit: 200 });
    const sent = (await readAll(cluster.client, topic)).filter(({ partition }) => partition === 1);
    const admin = openAdmin(cluster.client);
    await admin.deleteRecords([{ topic, partition: 1, offset: sent.length }]);
    await admin.close();
    const report = await replayText(cluster.client, topic, table, { ...options, resume: true });
    expect(report.rows).toBe(200 + sent.length);
    const ids = (await readAll(cluster.client, topic)).map(({ value }) => (JSON.parse(value!) as { id: number }).id);
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: ROWS }, (_, index) => index + 1));
  });

  it('are no matter where the rows were copied without a producer id: silence is waited for', async () => {
    const whole = await replayTopic(cluster, 'unsigned-whole', 2);
    await replayText(cluster.client, whole, table, { batch: 10 });
    const expected = await readAll(cluster.client, whole);
    const topic = await replayTopic(cluster, 'unsigned', 2);
    const copier = new RecordProducer(cluster.client, { acks: 1, idempotent: false });
    await copier.prepare(topic);
    for (const { partition, offset, value, headers } of expected) {
      const pairs = Object.entries(headers).map(([name, text]) => [name, utf8(text!)] as const);
      if (offset < 70 + partition * 10) copier.append(topic, partition, null, utf8(value!), pairs);
    }
    await copier.close();
    expect((await findResumePoint(cluster.client, topic, `${topic}-lots`, 'file.csv')).producer).toBeUndefined();
    const report = await replayText(cluster.client, topic, table, { batch: 10, resume: true, quietMs: 10 });
    expect(report).toMatchObject({ rows: ROWS - 150, alreadyThere: 150 });
    const seen = (await readAll(cluster.client, topic)).map(({ partition, value }) => [partition, value]);
    expect(seen).toEqual(expected.map(({ partition, value }) => [partition, value]));
  });
});
