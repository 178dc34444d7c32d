import { describe, expect, it } from 'vitest';
import { type ReplayFlags, readPacing, readSet } from '../../../../src/commands/shared/sources/replay-flags.js';
import {
  columnFromName,
  columnTypes,
  fileStem,
  replayTarget,
} from '../../../../src/commands/shared/sources/replay-target.js';
import { parseBadRowLimit } from '../../../../src/connect/sources/replay/bad-rows.js';

const usage = expect.objectContaining({ code: 'usage' });
const pacing = (flags: Partial<ReplayFlags>) => readPacing(flags as ReplayFlags);

describe('readPacing', () => {
  it('reads each way, as fast as possible when none is given', () => {
    expect(pacing({})).toEqual({ kind: 'batch', pauseMs: 0 });
    expect(pacing({ speed: 'max' })).toEqual({ kind: 'batch', pauseMs: 0 });
    expect(pacing({ pause: 10_000 })).toEqual({ kind: 'batch', pauseMs: 10_000 });
    expect(pacing({ rate: '200/s' })).toEqual({ kind: 'rate', perSecond: 200 });
    expect(pacing({ rate: '30/m' })).toEqual({ kind: 'rate', perSecond: 0.5 });
    expect(pacing({ speed: '60x', time: 't', maxGap: 5 })).toEqual({ kind: 'event-time', speed: 60, maxGapMs: 5 });
  });

  it.each([
    [{ pause: 1, rate: '1/s' }],
    [{ rate: 'fast' }],
    [{ rate: '0/s' }],
    [{ speed: '60x' }],
    [{ speed: '0x', time: 't' }],
    [{ maxGap: 5 }],
    [{ maxGap: 5, speed: 'max' }],
  ])('refuses %j', (flags) => {
    expect(() => pacing(flags)).toThrow(usage);
  });
});

describe('readSet', () => {
  it('makes numbers of numbers and text of all else', () => {
    expect(readSet(['maker=audi', 'n=5', 'code=007', 'empty=', 'a=b=c'])).toEqual({
      maker: '"audi"',
      n: '5',
      code: '"007"',
      empty: '""',
      a: '"b=c"',
    });
    expect(() => readSet(['audi'])).toThrow(usage);
  });
});

describe('parseBadRowLimit', () => {
  it('reads counts and shares', () => {
    expect([parseBadRowLimit('10'), parseBadRowLimit('1%'), parseBadRowLimit('0.5%')]).toEqual([
      { rows: 10 },
      { share: 0.01 },
      { share: 0.005 },
    ]);
    for (const text of ['', 'x', '1.5', '101%', '-1']) expect(() => parseBadRowLimit(text)).toThrow(usage);
  });
});

describe('replayTarget', () => {
  it('a file named like a pipeline goes to its source topic, any other to its own name, -t decides otherwise', async () => {
    const cars = await replayTarget('data/cars.csv', undefined);
    expect(cars).toMatchObject({ topic: 'trafic_cars', partitions: 3 });
    expect(cars.note).toContain('pipeline cars');
    // What is packed goes where it would go unpacked.
    expect((await replayTarget('data/cars.csv.gz', undefined)).topic).toBe('trafic_cars');
    expect((await replayTarget('sites.gz', undefined)).topic).toBe('sites');
    expect(fileStem('audi.csv.GZ')).toBe('audi');
    expect(await replayTarget('un clean.csv', undefined)).toMatchObject({ topic: 'un-clean', partitions: 1 });
    const named = await replayTarget('cars.csv', 'mine');
    expect(named).toMatchObject({ topic: 'mine', configs: { 'retention.ms': '-1' } });
    expect(named.note).toBeUndefined();
    await expect(replayTarget('-', undefined)).rejects.toEqual(usage);
    await expect(replayTarget('.csv', undefined)).rejects.toEqual(usage);
  });

  it('the pipeline says what columns are; headers of records are none of a file', async () => {
    expect(columnTypes(await replayTarget('cars.csv', undefined))).toMatchObject({ model: 'text', price: 'number' });
    const water = await replayTarget('any.csv', 'water-quality');
    expect(columnTypes(water)).toMatchObject({ SITE_ID: 'text', PH_LAB: 'text' });
    expect(columnTypes(water)).not.toHaveProperty('lot');
    const columns = water.source!.columns.filter(({ header }) => header === undefined).map(({ name }) => name);
    expect(columnFromName(water, columns)).toBeUndefined();
    expect(columnTypes(await replayTarget('cars.csv', 'other'))).toEqual({});
  });

  it('the one text column that a pipeline wants and a file lacks is told by its name', async () => {
    const target = await replayTarget('audi.csv', 'trafic_cars');
    const columns = ['model', 'year', 'price', 'transmission', 'mileage', 'fuelType'];
    expect(columnFromName(target, columns)).toBe('manufacturer');
    expect(columnFromName(target, [...columns, 'manufacturer'])).toBeUndefined();
    expect(columnFromName(target, ['year'])).toBeUndefined();
    expect(columnFromName(await replayTarget('audi.csv', 'other'), columns)).toBeUndefined();
  });
});
