import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../../src/base/bytes.js';
import { systemCompression } from '../../../../src/base/compression.js';
import { seededRandom } from '../../../../src/base/random.js';
import { detectDateOrder, timeParser } from '../../../../src/connect/codecs/time-format.js';
import { StreamSource } from '../../../../src/connect/sources/replay/byte-source.js';
import { GunzipSource } from '../../../../src/connect/sources/replay/gunzip-source.js';
import { MemorySource } from '../../../../src/connect/sources/replay/memory-source.js';
import type { OpenOptions } from '../../../../src/connect/sources/replay/row-reader.js';
import { drain, fileOf, readRows } from './read-rows.js';

const rowsOf = async (text: string | Uint8Array, options: Partial<OpenOptions> = {}, name = 'a.csv') => {
  const { texts, ...rest } = await readRows(fileOf(name, text), options);
  return { ...rest, rows: texts.map((row) => JSON.parse(row) as Record<string, unknown>) };
};

/** Made like the water measures: every quirk of the real file in a few rows. */
const MEASURES = [
  'SITE_ID;DATE_SMP;TIME_SMP;ANC;COND;PH_LAB',
  '01364959;10/12/2016 00:00:00;;-12,5;1 002;5,71',
  '1E1-060;10/13/2016 00:00:00;0930;3;18;',
  '020058O;02/01/2017 00:00:00;9:30;;7;6,02',
  '4;01/31/2017 00:00:00;;1;;',
].join('\r\n');

describe('quirks of real files', () => {
  it('water measures: codes stay text, groups of digits are numbers, empty cells null, negatives kept', async () => {
    const { rows, shape } = await rowsOf(`${MEASURES}\r\n`);
    expect(rows).toEqual([
      { SITE_ID: '01364959', DATE_SMP: '10/12/2016 00:00:00', TIME_SMP: null, ANC: -12.5, COND: 1002, PH_LAB: 5.71 },
      { SITE_ID: '1E1-060', DATE_SMP: '10/13/2016 00:00:00', TIME_SMP: '0930', ANC: 3, COND: 18, PH_LAB: null },
      { SITE_ID: '020058O', DATE_SMP: '02/01/2017 00:00:00', TIME_SMP: '9:30', ANC: null, COND: 7, PH_LAB: 6.02 },
      { SITE_ID: '4', DATE_SMP: '01/31/2017 00:00:00', TIME_SMP: null, ANC: 1, COND: null, PH_LAB: null },
    ]);
    expect(shape).toMatchObject({ delimiter: ';', commaColumns: ['ANC', 'PH_LAB'] });
  });

  it('a group of digits far behind the sample is still a number', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield utf8(`a,b\n1,x\n${'2,x\n'.repeat(200_000)}"1 002",x\n"1,002",x\n-,x\n`);
    }
    const { texts, reader } = await readRows(new StreamSource(pieces(), 'stdin'));
    expect(texts.slice(-3)).toEqual(['{"a":1002,"b":"x"}', '{"a":1002,"b":"x"}', '{"a":"-","b":"x"}']);
    expect(reader.remarks()).toEqual(['a: 1 cell is no number and stayed text']);
  });

  it('sites: decimal comma, groups by spaces and no-break spaces, one column with the dot', async () => {
    const text =
      'id;lat;east;slope\n07;41,936900;6 199 754;5.3\n08;-74,375;199\u00a0754;12.375\n09;0,5;12\u202f000;0.1\n';
    const { rows } = await rowsOf(text);
    expect(rows).toEqual([
      { id: '07', lat: 41.9369, east: 6_199_754, slope: 5.3 },
      { id: '08', lat: -74.375, east: 199_754, slope: 12.375 },
      { id: '09', lat: 0.5, east: 12_000, slope: 0.1 },
    ]);
  });

  it('methods: a mark, quoted cells with the delimiter and bare line feeds in them', async () => {
    const { rows } = await rowsOf('\ufeffPROGRAM_ID;TEXT\r\nLTM;"a; b\nc"\r\nVT;"say ""x"""\r\n');
    expect(rows).toEqual([
      { PROGRAM_ID: 'LTM', TEXT: 'a; b\nc' },
      { PROGRAM_ID: 'VT', TEXT: 'say "x"' },
    ]);
  });

  it('cars: leading spaces stay, prices with a pound sign stay text, groups by commas are numbers', async () => {
    const text =
      'model,price,mileage,tax\n Focus,"£15,998","15,944",150\n C Class,"£9,000","1,200",\n Golf,£700,900,0\n';
    const { rows } = await rowsOf(text);
    expect(rows).toEqual([
      { model: ' Focus', price: '£15,998', mileage: 15_944, tax: 150 },
      { model: ' C Class', price: '£9,000', mileage: 1200, tax: null },
      { model: ' Golf', price: '£700', mileage: 900, tax: 0 },
    ]);
  });

  it('velib: codes beyond 32 bits and station codes', async () => {
    const { rows } = await rowsOf('stationCode,station_id\n0016107,213688169012345678\n');
    expect(rows[0]!.stationCode).toBe('0016107');
    const { texts } = await readRows(fileOf('a.csv', 'stationCode,station_id\n0016107,213688169012345678\n'));
    expect(texts).toEqual(['{"stationCode":"0016107","station_id":213688169012345678}']);
  });

  const water = '../shared/data/water';
  it.skipIf(!existsSync(water))('the real sites and measures (needs ../shared/data)', async () => {
    const sites = await rowsOf(readFileSync(`${water}/Site_Information_2022_8_1.csv`));
    expect(sites.rows).toHaveLength(175);
    expect(sites.rows[0]).toMatchObject({ SITE_ID: '01364959', LATDD: 41.9369, COMID: 6_199_754 });
    const book = await rowsOf(readFileSync(`${water}/Site_Information_2022_8_1.xlsx`), {}, 'a.xlsx');
    // What the workbook stores as doubles, the file writes with six digits.
    const near = (a: unknown, b: unknown): boolean => Math.abs(Number(a) - Number(b)) < 1e-5;
    expect(sites.rows.filter((row, index) => !near(row.LATDD, book.rows[index]!.LATDD))).toEqual([]);
    const measures = await rowsOf(readFileSync(`${water}/LTM_Data_2022_8_1.csv`));
    expect(measures.bad).toEqual([]);
    const texts = measures.rows
      .flatMap((row) => Object.values(row))
      .filter((value) => /^\d{1,3}( \d{3})+$/.test(String(value)));
    expect(texts).toEqual([]);
    expect(measures.reader.remarks()).toEqual([]);
  });
});

describe('how numbers are written', () => {
  it.each([
    ['a;b\n1,5;x\n2,25;y\n', [1.5, 2.25]],
    ['a;b\n"1.234,50";x\n2,25;y\n', [1234.5, 2.25]],
    ['a;b\n1,234;x\n2,345;y\n', [1.234, 2.345]],
    ['a,b\n"1,234",x\n"2,345",y\n', [1234, 2345]],
    ['a;b\n1,234,567;x\n2,345;y\n', [1_234_567, 2345]],
    ["a,b\n1'234.5,x\n2,y\n", [1234.5, 2]],
    ['a;b\n1.234;x\n2.5;y\n', [1.234, 2.5]],
    ['a;b\n1,5;x\n2.5;y\n', ['1,5', '2.5']],
    ['a;b\n01,5;x\n2,5;y\n', ['01,5', '2,5']],
    ['a;b\n1,5e3;x\n2,5;y\n', ['1,5e3', '2,5']],
    ['a;b\n12 34;x\n1;y\n', ['12 34', '1']],
  ])('%j', async (text, expected) => {
    expect((await rowsOf(text)).rows.map(({ a }) => a)).toEqual(expected);
  });

  it('can be forced', async () => {
    const text = 'a;b\n1,234;x\n2,345;y\n';
    expect((await rowsOf(text, { decimal: 'dot' })).rows.map(({ a }) => a)).toEqual([1234, 2345]);
    expect((await rowsOf('a;b\n1.234;x\n', { decimal: 'comma' })).rows).toEqual([{ a: 1234, b: 'x' }]);
    expect((await rowsOf(text, { textOnly: true })).rows[0]!.a).toBe('1,234');
    expect((await rowsOf('a,b\n1,2\n', { types: { a: 'text' } })).rows).toEqual([{ a: '1', b: 2 }]);
    expect((await rowsOf('a,b\nx,2\n3,2\n', { types: { a: 'number' } })).rows).toEqual([
      { a: 'x', b: 2 },
      { a: 3, b: 2 },
    ]);
  });

  it('any number written the way of a place is read back', async () => {
    const number = fc
      .tuple(fc.integer({ min: -1e12, max: 1e12 }), fc.nat(99))
      .map(([whole, part]) => ({ whole, part }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(number, { minLength: 3, maxLength: 8 }),
        fc.constantFrom(['.', ','], ['.', "'"], [',', '.'], [',', ' '], ['.', ' '], [',', '\u202f']),
        async (numbers, [point, group]) => {
          const shown = numbers.map(({ whole, part }) => {
            const digits = String(Math.abs(whole)).replace(/\B(?=(\d{3})+$)/g, group!);
            return `${whole < 0 ? '-' : ''}${digits}${point}${String(part).padStart(2, '0')}`;
          });
          const { rows } = await rowsOf(`a;b\n${shown.map((text) => `${text};x\n`).join('')}`);
          const expected = numbers.map(({ whole, part }) => Number(`${whole}.${String(part).padStart(2, '0')}`));
          expect(rows.map(({ a }) => a)).toEqual(expected);
        },
      ),
    );
  });
});

describe('quotes and encodings', () => {
  it('finds single quotes, and leaves apostrophes alone', async () => {
    const quoted = await rowsOf("'a','b'\n'x, y','it''s'\n'1','2'\n");
    expect(quoted.rows[0]).toEqual({ a: 'x, y', b: "it's" });
    expect(quoted.shape.quote).toBe("'");
    const loose = await rowsOf("a,b\n'tis,so\nrock 'n' roll,x\n'n',y\n");
    expect(loose.rows.map(({ a }) => a)).toEqual(["'tis", "rock 'n' roll", "'n'"]);
  });

  it('can be told that quotes mean nothing', async () => {
    const { rows } = await rowsOf('a\tb\n"x\t5" disk\n', { quote: -1, delimiter: 9 });
    expect(rows).toEqual([{ a: '"x', b: '5" disk' }]);
  });

  it.each([
    ['utf-8', utf8('näme;n\nÜber;1,5\n')],
    ['utf-8 with a mark', utf8('\ufeffnäme;n\nÜber;1,5\n')],
    ['utf-16le', Uint8Array.from(Buffer.from('\ufeffnäme;n\nÜber;1,5\n', 'utf16le'))],
    ['utf-16be', Uint8Array.from(Buffer.from('\ufeffnäme;n\nÜber;1,5\n', 'utf16le').swap16())],
    ['windows-1252', Uint8Array.from(Buffer.from('näme;n\nÜber;1,5\n', 'latin1'))],
  ])('%s, plain and packed', async (_, bytes) => {
    expect((await rowsOf(bytes)).rows).toEqual([{ näme: 'Über', n: 1.5 }]);
    expect((await rowsOf(gzipSync(bytes), {}, 'a.csv.gz')).rows).toEqual([{ näme: 'Über', n: 1.5 }]);
  });
});

describe('gzip', () => {
  const content = `id,text\n${Array.from({ length: 30_000 }, (_, row) => `${row},${'x'.repeat(row % 97)}\n`).join('')}`;

  it('is found by content, in a file and in a stream, and read again', async () => {
    const whole = await readRows(fileOf('a.csv', content));
    const packed = new Uint8Array(gzipSync(content));
    const file = await readRows(fileOf('a.csv', packed));
    expect(file.texts).toEqual(whole.texts);
    expect(await file.reader.rewind()).toBe(true);
    expect((await drain(file.reader)).texts).toEqual(whole.texts);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < packed.length; at += 997) yield packed.subarray(at, at + 997);
    }
    expect((await readRows(new StreamSource(pieces(), 'stdin'))).texts).toEqual(whole.texts);
  });

  it('is read again from anywhere, whatever was read ahead', async () => {
    const random = seededRandom(5);
    const plain = Uint8Array.from({ length: 3_000_000 }, () => random.below(256));
    const packed = new Uint8Array(gzipSync(plain));
    const piece = new Uint8Array(100_000);
    for (let until = 0; until < plain.length; until += 300_000) {
      const source = new GunzipSource(new MemorySource('a.gz', packed), systemCompression);
      while (source.position < until) await source.read(piece);
      source.rewind();
      const digest = createHash('sha256');
      for (let count = 1; count > 0; ) {
        count = await source.read(piece);
        digest.update(piece.subarray(0, count));
      }
      expect(digest.digest('hex'), `${until}`).toBe(createHash('sha256').update(plain).digest('hex'));
    }
  });

  it('reads members one after the other, and JSON lines', async () => {
    const members = Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')]);
    expect((await readRows(fileOf('a.ndjson.gz', members))).texts).toEqual(['{"a":1}', '{"a":2}']);
    const cut = new Uint8Array(gzipSync(content)).subarray(0, 5000);
    await expect(readRows(fileOf('a.csv.gz', cut))).rejects.toMatchObject({ code: 'bad-data' });
  });
});

describe('columns of JSON lines', () => {
  it('have each field once, also where one is set', async () => {
    const lines = '{"a": 1, "k":null}\n{ "b":[1,{"a":2}],"\\u0061":{"a":3} }\n{"a":0}\n{ }\n';
    const read = async (columns?: string[]) =>
      (await readRows(fileOf('a.ndjson', lines), { set: { a: '9' }, ...(columns ? { columns } : {}) })).texts;
    expect(await read()).toEqual(['{"k":null,"a":9}', '{"b":[1,{"a":2}],"a":9}', '{"a":9}', '{ "a":9}']);
    expect(await read(['a', 'k'])).toEqual(['{"k":null,"a":9}', '{"a":9}', '{"a":9}', '{"a":9}']);
  });

  it('are copied as they stand', async () => {
    const line = '{ "a" : 12345678901234567890, "b":[1, {"a":2}],"c\\u0041":"x\\"", "d":null}';
    const read = async (columns: readonly string[]): Promise<string[]> =>
      (await readRows(fileOf('a.ndjson', `${line}\n{}\n`), { columns, set: { z: '1' } })).texts;
    expect(await read(['a', 'cA'])).toEqual(['{"a" : 12345678901234567890,"c\\u0041":"x\\"","z":1}', '{"z":1}']);
    expect(await read(['nothing'])).toEqual(['{"z":1}', '{"z":1}']);
  });
});

describe('order of day and month', () => {
  it.each([
    [['13/02/2022'], { order: 'day', guessed: false }],
    [['01/02/2022', '02/13/2022 10:00'], { order: 'month', guessed: false }],
    [['01/02/2022'], { order: 'month', guessed: true }],
    [['01.02.2022'], { order: 'day', guessed: true }],
    [['2022-01-02', '1700000000'], undefined],
  ] as const)('%j', (sample, expected) => {
    expect(detectDateOrder(sample)).toEqual(expected);
  });

  it('is not decided where the file has both', () => {
    expect(() => detectDateOrder(['13/02/2022', '02/13/2022'])).toThrow(expect.objectContaining({ code: 'bad-data' }));
  });

  it('reads times with it', () => {
    const read = (text: string, order: 'day' | 'month'): string => {
      const time = timeParser('auto', 'UTC', order)(utf8(text));
      return Number.isNaN(time) ? 'none' : new Date(time).toISOString();
    };
    expect(read('02/03/2022 9:05 PM', 'month')).toBe('2022-02-03T21:05:00.000Z');
    expect(read('2.3.2022 09:05:07,5', 'day')).toBe('2022-03-02T09:05:07.500Z');
    expect(read('13/13/2022', 'day')).toBe('none');
    expect(read('2022-02-03', 'day')).toBe('2022-02-03T00:00:00.000Z');
  });

  it('is told from the file', async () => {
    const sample: string[] = [];
    const parseTimeOf = (texts: readonly string[]) => {
      sample.push(...texts);
      return timeParser('auto', 'UTC', detectDateOrder(texts)?.order);
    };
    const file = fileOf('a.csv', 't,n\n01/02/2022,1\n13/02/2022,2\n');
    const { times } = await readRows(file, { time: 't', parseTimeOf });
    expect(sample).toEqual(['01/02/2022', '13/02/2022']);
    expect(times.map((time) => new Date(time).toISOString().slice(0, 10))).toEqual(['2022-02-01', '2022-02-13']);
    const lines = await readRows(fileOf('a.ndjson', '{"t":"13/02/2022"}\n'), { time: 't', parseTimeOf });
    expect(new Date(lines.times[0]!).getUTCMonth()).toBe(1);
    // The last line counts without a line feed too.
    for (const [name, text] of [
      ['a.csv', 't\n13/02/2022'],
      ['a.ndjson', '{"t":"13/02/2022"}'],
    ] as const) {
      expect((await readRows(fileOf(name, text), { time: 't', parseTimeOf })).times, name).toEqual([
        Date.UTC(2022, 1, 13),
      ]);
    }
  });
});
