import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../../src/base/bytes.js';
import { type BadRow, RowBlock } from '../../../../src/connect/codecs/row-block.js';
import { type ByteSource, StreamSource } from '../../../../src/connect/sources/replay/byte-source.js';
import { MemorySource } from '../../../../src/connect/sources/replay/memory-source.js';
import { openReader } from '../../../../src/connect/sources/replay/open-reader.js';
import type { OpenOptions } from '../../../../src/connect/sources/replay/row-reader.js';
import { edges } from './read-rows.js';

async function read(source: ByteSource, options: Partial<OpenOptions> = {}) {
  const bad: string[] = [];
  const onBad = ({ line, reason }: BadRow): void => void bad.push(`${line}: ${reason}`);
  const reader = await openReader(source, { edges, ...options, onBad });
  const block = new RowBlock();
  const texts: string[] = [];
  for (let more = true; more; block.clear()) {
    more = await reader.read(block, 10);
    for (let index = 0; index < block.count; index++) {
      texts.push(fromUtf8(block.bytes.subarray(block.start(index), block.ends[index]!)));
    }
  }
  return { texts, bad, shape: reader.shape, reader };
}

const file = (name: string, content: string | Uint8Array): MemorySource =>
  new MemorySource(name, typeof content === 'string' ? utf8(content) : content);
const utf16 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(`\ufeff${text}`, 'utf16le'));

describe('openReader', () => {
  it('reads files in other encodings', async () => {
    const { texts, shape } = await read(file('a.csv', utf16('näme;n\nÜber;1\n')));
    expect(texts).toEqual(['{"näme":"Über","n":1}']);
    expect(shape).toMatchObject({ encoding: 'utf-16le', delimiter: ';', format: 'csv' });
    // Both orders are called UTF-16: the mark tells which it is.
    const swapped = utf16('näme;n\nÜber;1\n').map((_, at, bytes) => bytes[at ^ 1]!);
    for (const encoding of [undefined, 'utf-16le', 'utf-16be'] as const) {
      const found = await read(file('a.csv', swapped), encoding === undefined ? {} : { encoding });
      expect(found).toMatchObject({ texts: ['{"näme":"Über","n":1}'], shape: { encoding: 'utf-16be' } });
    }
    const latin = Uint8Array.from(Buffer.from('name\ncaf\xe9\n', 'latin1'));
    expect((await read(file('a.csv', latin))).texts).toEqual(['{"name":"café"}']);
    await expect(read(file('a.csv', latin), { encoding: 'utf-8' })).resolves.toMatchObject({
      bad: ['2: byte 0xe9 at column 4 of the row is not UTF-8'],
    });
  });

  it('reads a file of many buffers, whatever the pieces it comes in, and again from the start', async () => {
    const row = (index: number): string => `${index},${'x'.repeat(index % 4000)}\n`;
    const content = `id,text\n${Array.from({ length: 800 }, (_, index) => row(index)).join('')}`;
    const whole = await read(file('a.csv', content));
    expect(whole.texts).toHaveLength(800);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      const bytes = utf8(content);
      for (let at = 0; at < bytes.length; at += 7919) yield bytes.subarray(at, at + 7919);
    }
    expect((await read(new StreamSource(pieces(), 'stdin'))).texts).toEqual(whole.texts);
    const block = new RowBlock();
    expect(await whole.reader.rewind()).toBe(true);
    await whole.reader.read(block, 1);
    expect(fromUtf8(block.bytes.subarray(0, block.ends[0]!))).toBe(whole.texts[0]);
    const wide = file('a.csv', utf16(content));
    expect((await read(wide)).texts).toEqual(whole.texts);
  });

  it('bounds the length of a row', async () => {
    const long = `a,b\n1,"${'x\n'.repeat(1_000_000)}`;
    await expect(read(file('a.csv', long))).rejects.toMatchObject({
      code: 'bad-data',
      message: 'row 1, which begins in line 2, is too long',
      hint: expect.stringContaining('quote'),
    });
    await expect(read(file('a.ndjson', `{"a":"${'x'.repeat(2_000_000)}"}`))).rejects.toMatchObject({
      code: 'bad-data',
    });
  });

  it('refuses lines that are no JSON objects, with their place', async () => {
    const { texts, bad } = await read(file('a.ndjson', '{"a":1}\n{"a":NaN}\n[1]\n\n{"a":2}'));
    expect(texts).toEqual(['{"a":1}', '{"a":2}']);
    expect(bad.map((line) => line.slice(0, 12))).toEqual(['2: not JSON:', '3: the value']);
  });

  it('tells JSON lines from CSV where the name does not', async () => {
    expect((await read(file('stdin', ' {"a":1}\n'))).shape.format).toBe('ndjson');
    expect((await read(file('stdin', 'a,b\n1,2\n'))).shape.format).toBe('csv');
    expect((await read(file('a.tsv', 'a,x\tb\n1\t2\n'))).shape.delimiter).toBe('\t');
  });

  it.each([
    ['a.json', '[{"a":1}]', 'a.json: it holds one JSON array'],
    ['a.csv', Uint8Array.from([0x1f, 0x8b, 8, 0]), 'a.csv: gzip data is damaged: unexpected end of file'],
    ['a.csv', Uint8Array.from([0x50, 0x4b, 3, 4]), 'a.csv: it is a workbook or a zip archive, not text'],
    ['a.xlsx', 'a,b\n1,2\n', 'a.xlsx: it is no workbook: not a zip archive'],
    ['a.ndjson', '', 'a.ndjson: the file is empty'],
  ])('refuses %s that is something else', async (name, content, message) => {
    await expect(read(file(name, content))).rejects.toMatchObject({ code: 'bad-data', message });
  });

  it('names the columns beside one that is not there', async () => {
    await expect(read(file('a.csv', 'price,b\n1,2\n'), { key: 'prise' })).rejects.toMatchObject({
      code: 'not-found',
      detail: "the file's columns are price, b",
      hint: 'did you mean price?',
    });
    await expect(read(file('a.csv', 'a,b\n1,2\n'), { columns: ['c'] })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('reads a sheet of a workbook', async () => {
    const xlsx = await import('xlsx');
    const book = xlsx.utils.book_new();
    const sheet = xlsx.utils.aoa_to_sheet([
      ['id', 'name', 'value'],
      ['007', 'a "b", c', 1.5],
      ['008', null, -2],
    ]);
    xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet([['other'], [1]]), 'First');
    xlsx.utils.book_append_sheet(book, sheet, 'Second');
    const bytes = new Uint8Array(
      xlsx.write(book, { type: 'array', bookType: 'xlsx', compression: true }) as ArrayBuffer,
    );
    expect((await read(file('a.xlsx', bytes))).texts).toEqual(['{"other":1}']);
    const { texts, shape } = await read(file('a.xlsx', bytes), { sheet: 'Second' });
    expect(texts).toEqual(['{"id":"007","name":"a \\"b\\", c","value":1.5}', '{"id":"008","name":null,"value":-2}']);
    expect(shape.format).toBe('xlsx');
    await expect(read(file('a.xlsx', bytes), { sheet: 'Secnd' })).rejects.toMatchObject({
      hint: 'did you mean Second?',
    });
  });

  const water = '../shared/data/water/LTM_Data_2022_8_1.csv';
  it.skipIf(!existsSync(water))('water: 38,200 rows, codes stay text (needs ../shared/data)', async () => {
    const { texts, bad, shape } = await read(file('water.csv', readFileSync(water)));
    expect(texts).toHaveLength(38_200);
    expect(bad).toEqual([]);
    expect(shape.columns.find(({ name }) => name === 'SITE_ID')?.type).toBe('string');
    const rows = texts.map((text) => JSON.parse(text) as Record<string, unknown>);
    const ph = rows.map((row) => row.PH_LAB).filter((value) => value !== null) as number[];
    expect(ph).toHaveLength(34_265);
    expect(ph.reduce((sum, value) => sum + value, 0) / ph.length).toBeCloseTo(5.816022180067124, 9);
    expect(rows.filter(({ SITE_ID }) => SITE_ID === null)).toEqual([]);
  });
});
