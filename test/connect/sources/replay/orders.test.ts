import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as xlsx from 'xlsx';
import { utf8 } from '../../../../src/base/bytes.js';
import { seededRandom } from '../../../../src/base/random.js';
import { systemFiles } from '../../../../src/base/system.js';
import { timeParser } from '../../../../src/connect/codecs/time-format.js';
import { BadRows } from '../../../../src/connect/sources/replay/bad-rows.js';
import { type Disorder, DisorderReader } from '../../../../src/connect/sources/replay/disorder-reader.js';
import { MergedReader } from '../../../../src/connect/sources/replay/merged-reader.js';
import { openReader } from '../../../../src/connect/sources/replay/open-reader.js';
import type { RowReader } from '../../../../src/connect/sources/replay/row-reader.js';
import { SortedReader } from '../../../../src/connect/sources/replay/sorted-reader.js';
import { SimFiles } from '../../../support/sim-files.js';
import { type Cluster, startCluster } from '../../kafka/cluster-harness.js';
import { drain, edges, fileOf } from './read-rows.js';
import { readAll, replayText, replayTopic } from './replay-harness.js';

const parseTime = (text: Uint8Array): number => Number(new TextDecoder().decode(text));
const timed = (times: readonly number[]): string => `t,id\n${times.map((time, id) => `${time},${id}\n`).join('')}`;
const reader = (text: string, key?: string): Promise<RowReader> =>
  openReader(fileOf('a.csv', text), {
    time: 't',
    parseTime,
    ...(key ? { key } : {}),
    onBad: ({ reason }) => {
      throw new Error(reason);
    },
  });
const idsOf = (texts: readonly string[]): number[] => texts.map((text) => (JSON.parse(text) as { id: number }).id);
const stable = (times: readonly number[]): number[] =>
  times.map((_, id) => id).sort((a, b) => times[a]! - times[b]! || a - b);

describe('SortedReader', () => {
  it('gives the rows by time, those of the same time as they stood, from memory and from the disk', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 400 }),
        fc.constantFrom(1, 300, 4000, 1e9),
        fc.integer({ min: 1, max: 50 }),
        async (times, runBytes, batch) => {
          const sorted = new SortedReader(await reader(timed(times), 'id'), new SimFiles(), runBytes);
          const { texts, rows } = await drain(sorted, batch);
          expect(idsOf(texts)).toEqual(stable(times));
          expect(rows).toEqual(stable(times).map((id) => id + 1));
          expect(await sorted.rewind()).toBe(true);
          expect((await drain(sorted, batch)).texts).toEqual(texts);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads a workbook again', async () => {
    const rows = Array.from({ length: 30_000 }, (_, id) => [30_000 - id, `text ${id} ${'x'.repeat(20)}`]);
    const book = xlsx.utils.book_new();
    xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet([['t', 'text'], ...rows]), 'One');
    const bytes = new Uint8Array(xlsx.write(book, { type: 'array', bookType: 'xlsx', bookSST: true }) as ArrayBuffer);
    const onBad = () => undefined;
    const opened = await openReader(fileOf('a.xlsx', bytes), { time: 't', parseTime, edges, onBad });
    const sorted = new SortedReader(opened, new SimFiles());
    const { texts } = await drain(sorted, 1000);
    expect(await sorted.rewind()).toBe(true);
    expect((await drain(sorted, 1000)).texts).toEqual(texts);
    sorted.close();
  });

  it('merges many runs of thousands of rows, keys included', async () => {
    const random = seededRandom(3);
    const times = Array.from({ length: 20_000 }, () => random.below(1e9));
    const sorted = new SortedReader(await reader(timed(times), 'id'), systemFiles, 40_000);
    expect(idsOf((await drain(sorted, 700)).texts)).toEqual(stable(times));
    sorted.close();
  });

  const water = '../shared/data/water/LTM_Data_2022_8_1.csv';
  it.skipIf(!existsSync(water))('the water archive, newest first, sorted (needs ../shared/data)', async () => {
    const open = () =>
      openReader(fileOf('water.csv', readFileSync(water)), {
        time: 'DATE_SMP',
        parseTime: timeParser('MM/DD/YYYY HH:mm:ss', 'UTC'),
        onBad: () => undefined,
      });
    const plain = await drain(await open(), 1000);
    const order = stable(plain.times);
    const sorted = new SortedReader(await open(), new SimFiles(), 500_000);
    const { texts, times } = await drain(sorted, 1000);
    expect(texts).toHaveLength(38_200);
    expect(texts).toEqual(order.map((index) => plain.texts[index]));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe('MergedReader', () => {
  it('gives the rows of several files by time, those of one file as they stand', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(fc.array(times, { minLength: 1, maxLength: 4 }), async (files) => {
        const ordered = files.map((file) => [...file].sort((a, b) => a - b));
        const readers = await Promise.all(ordered.map((file) => reader(timed(file))));
        const merged = new MergedReader(
          readers,
          ordered.map((_, index) => `${index}.csv`),
        );
        const { texts } = await drain(merged, 7);
        const all = ordered.flatMap((file, source) => file.map((time, id) => ({ time, source, id })));
        all.sort((a, b) => a.time - b.time || a.source - b.source || a.id - b.id);
        expect(idsOf(texts)).toEqual(all.map(({ id }) => id));
        expect(await merged.rewind()).toBe(true);
        expect((await drain(merged, 90)).texts).toEqual(texts);
      }),
      { numRuns: 40 },
    );
  });
});

describe('DisorderReader', () => {
  const none: Disorder = { shuffleMs: 0, lateShare: 0, lateMs: 0, dupShare: 0, seed: 7 };
  const second = Array.from({ length: 2000 }, (_, index) => index * 1000);
  const shaken = async (disorder: Partial<Disorder>, times = second): Promise<number[]> =>
    idsOf((await drain(new DisorderReader(await reader(timed(times)), { ...none, ...disorder }), 33)).texts);

  it('does nothing where nothing is asked for', async () => {
    expect(await shaken({})).toEqual(second.map((_, id) => id));
  });

  it('gives every row, out of order by no more than was said, the same for the same seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60_000 }), fc.nat(1000), async (shuffleMs, seed) => {
        const ids = await shaken({ shuffleMs, seed });
        expect([...ids].sort((a, b) => a - b)).toEqual(second.map((_, id) => id));
        let latest = 0;
        for (const id of ids) {
          expect(second[latest]! - second[id]!).toBeLessThanOrEqual(shuffleMs);
          latest = Math.max(latest, id);
        }
        expect(await shaken({ shuffleMs, seed })).toEqual(ids);
      }),
      { numRuns: 10 },
    );
    expect(await shaken({ shuffleMs: 30_000 })).not.toEqual(await shaken({ shuffleMs: 30_000, seed: 8 }));
  });

  it('makes a share of the rows late by what was said', async () => {
    const ids = await shaken({ lateShare: 0.02, lateMs: 300_000 });
    let latest = 0;
    const late = ids.filter((id) => {
      const isBehind = id < latest;
      latest = Math.max(latest, id);
      return isBehind;
    });
    expect(late.length).toBeGreaterThan(20);
    expect(late.length).toBeLessThan(70);
    for (const id of late.filter((one) => one < 1600)) {
      const at = ids.indexOf(id);
      expect(Math.max(...ids.slice(0, at)) - id).toBeGreaterThanOrEqual(299);
      expect(Math.max(...ids.slice(0, at)) - id).toBeLessThanOrEqual(301);
    }
  });

  it('sends a share of the rows twice, the same ones whatever else is asked for', async () => {
    const twice = (ids: readonly number[]): number[] => {
      const seen = new Set<number>();
      return ids.filter((id) => seen.has(id) || !seen.add(id)).sort((a, b) => a - b);
    };
    const plain = twice(await shaken({ dupShare: 0.01 }));
    expect(plain.length).toBeGreaterThan(8);
    expect(plain.length).toBeLessThan(45);
    expect(twice(await shaken({ dupShare: 0.01, shuffleMs: 30_000, lateShare: 0.1, lateMs: 5000 }))).toEqual(plain);
  });
});

describe('a replay in an order of its own', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  const disorder: Disorder = { shuffleMs: 20_000, lateShare: 0.05, lateMs: 60_000, dupShare: 0.05, seed: 11 };
  const text = timed(Array.from({ length: 500 }, (_, index) => index * 1000));
  const options = {
    open: { time: 't', parseTime, key: 'id' },
    batch: 40,
    around: (rows: RowReader): RowReader => new DisorderReader(rows, disorder),
  };

  it.each([1, 2, 3])('cut off and resumed, is the replay that was not (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const whole = await replayTopic(cluster, `order-whole-${seed}`, 3);
    await replayText(cluster.client, whole, text, options);
    const topic = await replayTopic(cluster, `order-cut-${seed}`, 3);
    for (let done = false; !done; ) {
      const stop = new AbortController();
      const stopAfter = 1 + random.below(4);
      let lots = 0;
      const report = await replayText(cluster.client, topic, text, {
        ...options,
        resume: true,
        signal: stop.signal,
        onLot: () => {
          if (++lots >= stopAfter) stop.abort();
        },
      });
      done = !report.interrupted;
    }
    const values = async (name: string) =>
      (await readAll(cluster.client, name)).map(({ partition, value, headers }) => [
        partition,
        value,
        headers['streamctl-place'],
      ]);
    expect(await values(topic)).toEqual(await values(whole));
    const lots = (await readAll(cluster.client, `${topic}-lots`)).map(
      ({ value }) => (JSON.parse(value!) as { lot: number }).lot,
    );
    expect(lots).toEqual(lots.map((_, index) => index + 1));
  });

  it('says of merged files which one a bad row is of, and keeps none of them twice', () => {
    const row = { row: 2, line: 3, reason: 'it has 1 field', bytes: utf8('2') };
    const read = (bad: BadRows): string[] => {
      for (const name of ['a.csv', 'b.csv']) bad.of(name)(row);
      return bad.drain().map(({ reason }) => reason);
    };
    const first = new BadRows('a.csv+b.csv', 'quarantine');
    expect(read(first)).toEqual(['a.csv: it has 1 field', 'b.csv: it has 1 field']);
    expect(first.reasons).toEqual(['a.csv:3: row 2: it has 1 field', 'b.csv:3: row 2: it has 1 field']);
    const resumed = new BadRows('a.csv+b.csv', 'quarantine');
    resumed.passOver({ row: 2, line: 3, reason: 'b.csv: it has 1 field' });
    expect(read(resumed)).toEqual([]);
  });

  it('says of merged files which one each record is of', async () => {
    const topic = await replayTopic(cluster, 'order-merged', 1);
    const second = await reader(timed([500, 1500]));
    await replayText(cluster.client, topic, timed([1000, 2000]), {
      ...options,
      source: 'a.csv+b.csv',
      around: (first) => new MergedReader([first, second], ['a.csv', 'b.csv']),
    });
    const records = await readAll(cluster.client, topic);
    expect(
      records.map(({ headers }) => [headers['streamctl-source'], headers['streamctl-row'], headers['streamctl-place']]),
    ).toEqual([
      ['b.csv', '1', '1'],
      ['a.csv', '1', '2'],
      ['b.csv', '2', '3'],
      ['a.csv', '2', '4'],
    ]);
    const [lot] = (await readAll(cluster.client, `${topic}-lots`)).map(
      ({ value }) => JSON.parse(value!) as Record<string, unknown>,
    );
    expect(lot).toMatchObject({ source: 'a.csv+b.csv', rows: 4, firstRow: 1, lastRow: 2 });
  });
});
