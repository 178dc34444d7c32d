import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8, toHex, utf8 } from '../../../../src/base/bytes.js';
import { systemCrypto } from '../../../../src/base/crypto.js';
import { seededRandom } from '../../../../src/base/random.js';
import { systemClock } from '../../../../src/base/system.js';
import { KafkaClient } from '../../../../src/connect/kafka/client.js';
import { RecordProducer } from '../../../../src/connect/kafka/producer.js';
import type { LotProgress } from '../../../../src/connect/sources/replay/interfaces.js';
import { partitionOfKey } from '../../../../src/wire/murmur2.js';
import { testEdges } from '../../../support/client-edges.js';
import { startTestBroker } from '../../../support/test-broker.js';
import { type Cluster, startCluster } from '../../kafka/cluster-harness.js';
import { readAll, replayText, replayTopic, rowsOf } from './replay-harness.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const table = (rows: number): string =>
  `id,name\n${Array.from({ length: rows }, (_, index) => `${index + 1},n${index + 1}\n`).join('')}`;
const ids = (records: Parameters<typeof rowsOf>[0]): number[] =>
  rowsOf(records).map(({ value }) => (value as { id: number }).id);
const upTo = (rows: number): number[] => Array.from({ length: rows }, (_, index) => index + 1);

describe('Replay', () => {
  it('sends lots: headers on each record, a closing record with the digest of its values', async () => {
    const topic = await replayTopic(cluster, 'lots', 3);
    const told: LotProgress[] = [];
    const report = await replayText(cluster.client, topic, table(250), { onLot: (lot) => void told.push(lot) });
    const records = await readAll(cluster.client, topic);
    expect(ids(records)).toEqual(upTo(250));
    expect(records.every(({ partition, headers }) => partition === Number(headers['streamctl-lot']) % 3)).toBe(true);
    expect(records[0]!.headers['streamctl-source']).toBe('file.csv');
    const lots = (await readAll(cluster.client, `${topic}-lots`)).map(
      ({ value }) => JSON.parse(value!) as Record<string, unknown>,
    );
    expect(lots.map(({ lot, rows, firstRow, lastRow }) => [lot, rows, firstRow, lastRow])).toEqual([
      [1, 100, 1, 100],
      [2, 100, 101, 200],
      [3, 50, 201, 250],
    ]);
    const second = records.filter(({ headers }) => headers['streamctl-lot'] === '2');
    const digest = toHex(systemCrypto.hash('sha256', utf8(second.map(({ value }) => `${value}\n`).join(''))));
    expect(lots[1]!.sha256).toBe(digest);
    expect(new Set(second.map(({ headers }) => headers['streamctl-sha256']))).toEqual(new Set([digest]));
    expect(report).toMatchObject({ rows: 250, lots: 3, lastRow: 250, badRows: 0, interrupted: false });
    expect(report.partitions.map(({ partition, records: count }) => [partition, count])).toEqual([
      [0, 50],
      [1, 100],
      [2, 100],
    ]);
    expect(told.map(({ lot, rows, nextInMs }) => [lot, rows, nextInMs])).toEqual([
      [1, 100, 0],
      [2, 100, 0],
      [3, 50, 0],
    ]);
  });

  it('puts keyed rows where other clients would', async () => {
    const topic = await replayTopic(cluster, 'keyed', 4);
    await replayText(cluster.client, topic, table(60), { batch: 7, open: { key: 'name' } });
    const records = await readAll(cluster.client, topic);
    expect(ids(records)).toEqual(upTo(60));
    for (const { key, partition } of records) expect(partition).toBe(partitionOfKey(utf8(key!), 4));
    expect(await readAll(cluster.client, `${topic}-lots`)).toHaveLength(9);
  });

  it('begins with a row, ends at a limit, reads a file again and again', async () => {
    const topic = await replayTopic(cluster, 'ranges', 1);
    await replayText(cluster.client, topic, table(10), { from: 4, limit: 5, batch: 2 });
    expect(ids(await readAll(cluster.client, topic))).toEqual([4, 5, 6, 7, 8]);
    const looped = await replayTopic(cluster, 'looped', 2);
    const report = await replayText(cluster.client, looped, table(5), { loops: 3, batch: 2, limit: 13 });
    expect(ids(await readAll(cluster.client, looped))).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3]);
    expect(report.lots).toBe(8);
    await expect(replayText(cluster.client, looped, table(5), { from: 9 })).rejects.toMatchObject({ code: 'usage' });
    await expect(replayText(cluster.client, looped, table(5), { loops: 2, pieces: 8, limit: 9 })).rejects.toMatchObject(
      {
        message: expect.stringContaining('only once'),
      },
    );
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('begins with row %i, whatever is wrong with the rows before it', async (from) => {
    const topic = await replayTopic(cluster, `from-${from}`, 1);
    const bad = [2, 4, 5];
    const text = `id,name\n${upTo(8)
      .map((row) => (bad.includes(row) ? `${row}\n` : `${row},x\n`))
      .join('')}`;
    const report = await replayText(cluster.client, topic, text, { from, policy: 'skip', batch: 2 });
    const after = bad.filter((row) => row >= from);
    expect(ids(await readAll(cluster.client, topic))).toEqual(
      upTo(8).filter((row) => row >= from && !bad.includes(row)),
    );
    expect(report.badRows).toBe(after.length);
    const strict = replayText(cluster.client, topic, text, { from, limit: 1 });
    if (after[0] === from) await expect(strict).rejects.toMatchObject({ code: 'bad-data' });
    else expect(await strict).toMatchObject({ rows: 1 });
  });

  it('gives records the times of their rows, kept or moved', async () => {
    const topic = await replayTopic(cluster, 'times', 1);
    const text = 'at,v\n1000,a\n4000,b\n';
    const open = { time: 'at', parseTime: (bytes: Uint8Array) => Number(fromUtf8(bytes)) };
    await replayText(cluster.client, topic, text, { open, timestamps: 'event' });
    const began = systemClock.now();
    await replayText(cluster.client, topic, text, { open, timestamps: 'moved' });
    const times = (await readAll(cluster.client, topic)).map(({ timestampMs }) => timestampMs);
    expect(times.slice(0, 2)).toEqual([1000, 4000]);
    expect(times[2]).toBeGreaterThanOrEqual(began);
    expect(times[3]! - times[2]!).toBe(3000);
  });

  it('reads JSON lines and streams, adds fields', async () => {
    const topic = await replayTopic(cluster, 'lines', 1);
    const text = '{"id":1,"big":12345678901234567890}\n\n  {"id":2}\r\n{ }\n';
    await replayText(cluster.client, topic, text, {
      source: 'x.ndjson',
      pieces: 3,
      open: { set: { maker: '"audi"' } },
    });
    expect((await readAll(cluster.client, topic)).map(({ value }) => value)).toEqual([
      '{"id":1,"big":12345678901234567890,"maker":"audi"}',
      '{"id":2,"maker":"audi"}',
      '{ "maker":"audi"}',
    ]);
  });

  it('stops before the lot with a bad row, and says what was sent up to which offset', async () => {
    const topic = await replayTopic(cluster, 'stops', 1);
    const text = `${table(250)}oops\n${table(9).slice(8)}`;
    const error = await replayText(cluster.client, topic, text).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'partial',
      exit: 6,
      message: 'file.csv:252: row 251: it has 1 field, the header has 2',
      detail: expect.stringContaining(
        '200 rows were sent to topic "stops", all up to row 200: partition 0 up to offset 199',
      ),
      hint: expect.stringContaining('--resume'),
      report: { rows: 200, lots: 2 },
    });
    expect(ids(await readAll(cluster.client, topic))).toEqual(upTo(200));
    // The same file without the bad row goes on where the first try stopped.
    const report = await replayText(cluster.client, topic, text.replace('oops\n', ''), { resume: true });
    expect(report).toMatchObject({ rows: 59, alreadyThere: 200 });
    expect(await readAll(cluster.client, `${topic}-lots`)).toHaveLength(3);
  });

  it('nothing acknowledged: the error of the data itself', async () => {
    const topic = await replayTopic(cluster, 'nothing', 1);
    await expect(replayText(cluster.client, topic, 'a,b\n1\n')).rejects.toMatchObject({ code: 'bad-data', exit: 2 });
    await expect(replayText(cluster.client, topic, 'a,b\n1,"2\n3,4\n', { policy: 'skip' })).rejects.toMatchObject({
      code: 'bad-data',
      message: 'file.csv:2: row 1: the quote opened at line 2 is never closed',
    });
    expect(await readAll(cluster.client, topic)).toEqual([]);
  });

  it('skips or quarantines bad rows, up to a limit', async () => {
    const topic = await replayTopic(cluster, 'bad', 1);
    const text = 'a,b\n1,x\n2\n3,y,z\n4,w\n';
    expect(await replayText(cluster.client, topic, text, { policy: 'skip' })).toMatchObject({ rows: 2, badRows: 2 });
    await replayText(cluster.client, topic, text, { policy: 'quarantine' });
    const kept = await readAll(cluster.client, `${topic}-quarantine`);
    expect(kept.map(({ value, headers }) => [value, headers['streamctl-row'], headers['streamctl-line']])).toEqual([
      ['2', '2', '3'],
      ['3,y,z', '3', '4'],
    ]);
    expect(kept[0]!.headers['streamctl-reason']).toBe('it has 1 field, the header has 2');
    const tooMany = replayText(cluster.client, topic, text, { policy: 'skip', maxBad: { rows: 1 } });
    await expect(tooMany).rejects.toMatchObject({ exit: 7, message: expect.stringContaining('2 bad rows') });
    const share = replayText(cluster.client, topic, text, { policy: 'skip', maxBad: { share: 0.25 } });
    await expect(share).rejects.toMatchObject({ exit: 7 });
  });

  it('puts no bad row into quarantine again when it resumes', async () => {
    const topic = await replayTopic(cluster, 'bad-again', 1);
    const text = 'a,b\n1,x\n2\n3,y,z\n4,w\n5\n6,v\n7,u,t\n';
    const options = { policy: 'quarantine', batch: 1 } as const;
    await replayText(cluster.client, topic, text, { ...options, limit: 2 });
    const resumed = await replayText(cluster.client, topic, text, { ...options, resume: true });
    expect(resumed).toMatchObject({ rows: 1, alreadyThere: 2, badRows: 4 });
    await replayText(cluster.client, topic, text, { ...options, resume: true });
    await replayText(cluster.client, topic, text, { ...options, source: 'other.csv', resume: true });
    const kept = await readAll(cluster.client, `${topic}-quarantine`);
    const rows = kept.map(({ headers }) => `${headers['streamctl-source']}:${headers['streamctl-row']}`);
    const of = (name: string): string[] => ['2', '3', '5', '7'].map((row) => `${name}:${row}`);
    expect(rows).toEqual([...of('file.csv'), ...of('other.csv')]);
  });

  it('ends in order when told to, and resumes', async () => {
    const topic = await replayTopic(cluster, 'told', 2);
    const stop = new AbortController();
    const first = await replayText(cluster.client, topic, table(500), {
      batch: 10,
      signal: stop.signal,
      onLot: ({ lot }) => void (lot === 7 && stop.abort()),
    });
    expect(first).toMatchObject({ interrupted: true, rows: 70, lots: 7 });
    const second = await replayText(cluster.client, topic, table(500), { batch: 10, resume: true });
    expect(second).toMatchObject({ rows: 430, alreadyThere: 70 });
    expect(ids(await readAll(cluster.client, topic))).toEqual(upTo(500));
  });

  it('refuses to resume with another file or other lots', async () => {
    const topic = await replayTopic(cluster, 'changed', 1);
    await replayText(cluster.client, topic, table(50), { batch: 10 });
    for (const [text, batch] of [
      [table(60).replaceAll('n', 'm'), 10],
      [table(60), 7],
      // Ends before what the topic holds of its name: another file, nothing of which may be taken for sent.
      [table(20).replaceAll('n', 'm'), 10],
      [table(20), 10],
    ] as const) {
      await expect(replayText(cluster.client, topic, text, { batch, resume: true })).rejects.toMatchObject({
        code: 'conflict',
      });
    }
    expect(await replayText(cluster.client, topic, table(60), { batch: 10, resume: true })).toMatchObject({ rows: 10 });
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'cut off at any record, a resumed replay leaves no gap and no duplicate (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const partitions = 1 + random.below(4);
      const topic = await replayTopic(cluster, `cut-${seed}`, partitions);
      const rows = 1 + random.below(300);
      const options = { batch: 1 + random.below(40), ...(random.below(2) === 0 ? { open: { key: 'name' } } : {}) };
      const whole = await replayTopic(cluster, `whole-${seed}`, partitions);
      await replayText(cluster.client, whole, table(rows), options);
      const expected = await readAll(cluster.client, whole);
      const expectedLots = await readAll(cluster.client, `${whole}-lots`);
      // What a kill leaves: of every partition some first records, of the lots topic fewer.
      const producer = new RecordProducer(cluster.client);
      await producer.prepare(topic);
      await producer.prepare(`${topic}-lots`);
      const kept = Array.from({ length: partitions }, () => random.below(rows + 1));
      for (const { partition, offset, key, value, headers } of expected) {
        if (offset >= kept[partition]!) continue;
        if (random.below(5) === 0) producer.append(topic, partition, null, utf8("another writer's"));
        const pairs = Object.entries(headers).map(([name, text]) => [name, utf8(text!)] as const);
        producer.append(topic, partition, key === null ? null : utf8(key), utf8(value!), pairs);
      }
      for (const { key, value } of expectedLots.slice(0, random.below(2)))
        producer.append(`${topic}-lots`, 0, utf8(key!), utf8(value!));
      await producer.close();
      for (let tries = 0; tries < 2; tries++)
        await replayText(cluster.client, topic, table(rows), { ...options, resume: true });
      const after = (await readAll(cluster.client, topic)).filter(
        ({ headers }) => headers['streamctl-source'] !== undefined,
      );
      expect(after.map(({ partition, value }) => [partition, value])).toEqual(
        expected.map(({ partition, value }) => [partition, value]),
      );
      const lots = (await readAll(cluster.client, `${topic}-lots`)).map(
        ({ value }) => (JSON.parse(value!) as { lot: number }).lot,
      );
      expect(lots).toEqual(upTo(expectedLots.length));
    },
  );

  it('says how to go on when the broker goes away in the middle', async () => {
    const broker = await startTestBroker();
    const client = new KafkaClient({ ...broker.settings, retryBackoffMs: 5, retryBackoffMaxMs: 20 }, testEdges());
    const { createMissingTopics } = await import('../../../../src/connect/kafka/create-topics.js');
    await createMissingTopics(client, [
      { name: 'gone', partitions: 1 },
      { name: 'gone-lots', partitions: 1 },
    ]);
    let stopped: Promise<void> | undefined;
    let troubles = 0;
    const error = await replayText(client, 'gone', table(1000), {
      batch: 10,
      pacing: { kind: 'batch', pauseMs: 5 },
      deliveryTimeoutMs: 200,
      onTrouble: () => void troubles++,
      onLot: ({ acknowledgedRows }) => {
        if (acknowledgedRows >= 30) stopped ??= broker.running.close();
      },
    }).catch((thrown: unknown) => thrown);
    await stopped;
    expect(error).toMatchObject({
      code: 'partial',
      exit: 6,
      hint: expect.stringContaining('--resume'),
      detail: expect.stringContaining('up to offset'),
    });
    expect(troubles).toBe(1);
    await client.close();
    await broker.stop().catch(() => undefined);
  });
});
