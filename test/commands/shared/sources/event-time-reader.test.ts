import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allPipelines } from '../../../../src/commands/shared/settings/names.js';
import { EventTimeReader } from '../../../../src/commands/shared/sources/event-time-reader.js';
import { RowBlock } from '../../../../src/connect/codecs/row-block.js';
import { openReader } from '../../../../src/connect/sources/replay/open-reader.js';
import { drain, edges, fileOf } from '../../../connect/sources/replay/read-rows.js';

const pipelines = await allPipelines();

async function readerOf(
  name: string,
  content = readFileSync(`fixtures/${name}.csv`, 'utf8'),
): Promise<EventTimeReader> {
  const [source] = pipelines.find((plan) => plan.name === name)!.sources;
  const { eventTime, columns } = source!;
  const expression =
    eventTime.kind === 'computed' ? eventTime.expression : ({ kind: 'column', name: eventTime.name } as const);
  const isText = (type: string): boolean => type === 'string';
  const types = Object.fromEntries(columns.map((one) => [one.name, isText(one.type) ? 'text' : 'number'] as const));
  const reader = await openReader(fileOf(`${name}.csv`, content), { edges, types, onBad: () => undefined });
  return new EventTimeReader(reader, source!, expression, { parameters: [], values: {} });
}

const at = (text: string): number => Date.parse(`${text}Z`);

describe('EventTimeReader', () => {
  it.each([
    ['velib', '2020-05-28T07:59:45', false],
    ['news', '2020-05-28T21:19:53', true],
    ['weather', '2020-05-28T00:00:00', false],
    ['stocks', '2020-05-28T13:30:00', false],
    ['water', '2020-11-06T10:49:00', true],
  ])('%s: has the times that the pipeline sees', async (name, first, newestFirst) => {
    const reader = await readerOf(name);
    expect(await reader.look()).toEqual({ hasTimes: true, isNewestFirst: newestFirst });
    const { times, texts } = await drain(reader, 7);
    expect(new Date(times[0]!).toISOString()).toBe(new Date(at(first)).toISOString());
    expect(Math.min(...times)).toBeGreaterThan(at('1990-01-01'));
    expect(await reader.rewind()).toBe(true);
    expect((await drain(reader, 1000)).texts).toEqual(texts);
  });

  it('gives rows without a time that of the row before, and the first ones that of the next', async () => {
    const rows = ['x,', 'a,1590624000', 'b,', 'c,never', 'd,1590624060'].map((row) => row.replace(',', ',Paris,'));
    const content = `country,city,time\n${rows.join('\n')}\n`;
    const looked = await readerOf('weather', content);
    await looked.look();
    const { times, rows: numbers } = await drain(looked, 2);
    expect(times).toEqual([1590624000000, 1590624000000, 1590624000000, 1590624000000, 1590624060000]);
    expect(numbers).toEqual([1, 2, 3, 4, 5]);
  });

  it('tells of a file without times', async () => {
    const reader = await readerOf('weather', 'country,city,time\nx,Paris,\n');
    expect((await reader.look()).hasTimes).toBe(false);
    const block = new RowBlock();
    expect(await reader.read(block, 10)).toBe(false);
    expect(block.count).toBe(1);
  });
});
