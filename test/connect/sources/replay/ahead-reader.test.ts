import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../../src/base/bytes.js';
import { systemCrypto } from '../../../../src/base/crypto.js';
import { FREE_BYTES, RowBlock } from '../../../../src/connect/codecs/row-block.js';
import { readAhead } from '../../../../src/connect/sources/replay/ahead-reader.js';
import { BadRows } from '../../../../src/connect/sources/replay/bad-rows.js';
import { FileSource } from '../../../../src/connect/sources/replay/byte-source.js';
import type { FromConverter, StartConverter, ToConverter } from '../../../../src/connect/sources/replay/convert-job.js';
import { type ConverterBounds, serveConverter } from '../../../../src/connect/sources/replay/converter.js';
import { openReader } from '../../../../src/connect/sources/replay/open-reader.js';
import type { OpenOptions } from '../../../../src/connect/sources/replay/row-reader.js';
import { linePair } from '../../../support/line-pair.js';
import { SimFiles } from '../../../support/sim-files.js';

const PATH = '/file.csv';
const BOUNDS: ConverterBounds = { bufferBytes: 4096, lotBytes: 1 << 20 };

interface Case {
  readonly content: Uint8Array;
  readonly batch: number;
  /** Rows of each read: the batch, where nothing is said. */
  readonly sizes?: readonly number[];
  readonly options?: Partial<OpenOptions>;
  readonly policy?: 'stop' | 'skip';
}

function filesWith(content: Uint8Array): SimFiles {
  const files = new SimFiles();
  files.open(PATH, 'append').write([content], 0);
  return files;
}

/** A thread's work without a thread. */
function converters(files: SimFiles, bounds = BOUNDS): { start: StartConverter; started: () => number } {
  let count = 0;
  const start = () => {
    count++;
    const { here, there } = linePair<FromConverter, ToConverter>();
    serveConverter(there, { files, crypto: systemCrypto }, bounds);
    return here;
  };
  return { start, started: () => count };
}

/** All that can be seen of a file that is read twice: read by read what came, then what is said at the end. */
async function observe({ content, batch, sizes = [], options, policy = 'skip' }: Case, bounds?: ConverterBounds) {
  const files = filesWith(content);
  const source = new FileSource(files, PATH, 'file.csv');
  const told: string[] = [];
  const bad = new BadRows('file.csv', policy);
  const onBad: OpenOptions['onBad'] = (row) => {
    told.push(`${row.row} ${row.line} ${row.reason} ${fromUtf8(row.bytes)}`);
    bad.take(row);
  };
  let converted = 0;
  try {
    const own = await openReader(source, { ...options, onBad });
    const reader = bounds ? readAhead(own, converters(files, bounds).start, batch) : own;
    const block = new RowBlock();
    for (let pass = 0, read = 0; pass < 2; pass++) {
      for (let more = true; more; read++, block.clear()) {
        more = await reader.read(block, sizes[read] ?? batch);
        if (block.sha256 !== undefined) converted++;
        const bytes = block.bytes.subarray(0, block.used);
        const sha256 = block.sha256 ?? systemCrypto.hashHex('sha256', bytes);
        const rows = [...block.rows.subarray(0, block.count)].join();
        const ends = [...block.ends.subarray(0, block.count)].join();
        const rest = [...block.times.subarray(0, block.count), ...block.keyEnds.subarray(0, block.count)].join();
        told.push(`${more} ${reader.row} ${rows} ${ends} ${rest} ${sha256} ${fromUtf8(bytes)}`);
        expect(block.bytes.length).toBeGreaterThanOrEqual(block.used + FREE_BYTES);
        expect(sha256).toBe(systemCrypto.hashHex('sha256', bytes));
      }
      told.push(...reader.remarks());
      if (!(await reader.rewind())) break;
    }
    reader.close?.();
  } catch (error) {
    told.push(String(error));
  }
  return { told, converted };
}

const cell = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'Polo', '12', '3.5', '-7', '0012', 'x y', '', 'été', 'a\\b') },
  { weight: 2, arbitrary: fc.constantFrom('"q"', '"a,b"', '"two\nlines"', '"say ""x"""') },
);
const row = (columns: number) =>
  fc.oneof(
    { weight: 400, arbitrary: fc.array(cell, { minLength: columns, maxLength: columns }).map((cells) => cells.join()) },
    { weight: 1, arbitrary: fc.constantFrom('', 'a,b,c,d,e,f', '"x"y,1', '"never closed') },
  );
const content = fc
  .record({
    columns: fc.integer({ min: 1, max: 4 }),
    mark: fc.constantFrom('', '\ufeff'),
    rowEnd: fc.constantFrom('\n', '\r\n', '\r'),
    endsOpen: fc.boolean(),
  })
  .chain(({ columns, mark, rowEnd, endsOpen }) =>
    fc.array(row(columns), { minLength: 1, maxLength: 300, size: 'max' }).map((rows) => {
      const header = Array.from({ length: columns }, (_, index) => `c${index}`).join();
      return utf8(`${mark}${[header, ...rows].join(rowEnd)}${endsOpen ? '' : rowEnd}`);
    }),
  );

describe('AheadReader', () => {
  it('gives what its reader gives alone, whatever the file, the lots and the buffers', async () => {
    let converted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          content,
          batch: fc.integer({ min: 1, max: 30 }),
          sizes: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(fc.integer({ min: 1, max: 40 }))),
          options: fc.constantFrom(
            {},
            { textOnly: true },
            { columns: ['c0'], set: { n: '1' } },
            { types: { c0: 'number' } },
          ),
          policy: fc.constantFrom('stop', 'skip'),
        }),
        fc.record({ bufferBytes: fc.integer({ min: 1, max: 5000 }), lotBytes: fc.constantFrom(300, 1 << 20) }),
        async (given, bounds) => {
          const alone = await observe(given as Case);
          const ahead = await observe(given as Case, bounds);
          converted += ahead.converted;
          expect(ahead.told).toEqual(alone.told);
        },
      ),
    );
    expect(converted).toBeGreaterThan(300);
  });

  it('does the same over the bounds of what is read at once', async () => {
    const rows = Array.from(
      { length: 60_000 },
      (_, index) => `"name ""${index}""",${index % 997 === 0 ? 'none' : index},é${index}`,
    );
    const given: Case = {
      content: utf8(`a,b,c\n${rows.join('\n')}\n`),
      batch: 100,
      options: { types: { b: 'number' } },
    };
    const ahead = await observe(given, { bufferBytes: 64 * 1024, lotBytes: 1 << 20 });
    expect(ahead.converted).toBe(1200);
    expect(ahead.told).toEqual((await observe(given)).told);
    expect(ahead.told).toContain('b: 61 cells are no numbers and stayed text');
  });

  it('leaves a file with another one under its name by now to its reader', async () => {
    const files = filesWith(utf8('a\n1\n2\n3\n'));
    const source = new FileSource(files, PATH, 'file.csv');
    files.remove(PATH);
    files.open(PATH, 'append').write([utf8('a\n7\n8\n9\n')], 0);
    const reader = readAhead(await openReader(source, { onBad: () => undefined }), converters(files).start, 1);
    const block = new RowBlock();
    expect(await reader.read(block, 1)).toBe(true);
    expect(block.sha256).toBeUndefined();
    expect(fromUtf8(block.bytes.subarray(0, block.used))).toBe('{"a":1}\n');
  });

  it('goes on alone when the thread fails', async () => {
    const files = filesWith(utf8('a\n1\n2\n3\n'));
    const source = new FileSource(files, PATH, 'file.csv');
    let fail: (error: Error) => void = () => undefined;
    const start: StartConverter = () => ({
      send: () => setImmediate(() => fail(new Error('gone'))),
      listen: (_, failed) => {
        fail = failed;
      },
      close: () => undefined,
    });
    const reader = readAhead(await openReader(source, { onBad: () => undefined }), start, 2);
    const block = new RowBlock();
    expect(await reader.read(block, 2)).toBe(true);
    expect(fromUtf8(block.bytes.subarray(0, block.used))).toBe('{"a":1}\n{"a":2}\n');
  });

  it('starts no thread for keys, times and other encodings', async () => {
    const files = filesWith(utf8('a,b\n1,2\n'));
    const { start, started } = converters(files);
    const open = async (options: Partial<OpenOptions>) => {
      const source = new FileSource(files, PATH, 'file.csv');
      readAhead(await openReader(source, { ...options, onBad: () => undefined }), start, 1);
      return started();
    };
    expect(await open({ key: 'a' })).toBe(0);
    expect(await open({ time: 'a', parseTime: () => 0 })).toBe(0);
    expect(await open({ encoding: 'windows-1252' })).toBe(0);
    expect(await open({})).toBe(1);
  });
});
