import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convert, textLayout } from './csv-harness.js';

const json = (texts: readonly string[]): unknown[] => texts.map((text) => JSON.parse(text));

describe('CsvJson', () => {
  it('keeps text as it stands, makes numbers of number columns, null of empty cells', () => {
    const layout = textLayout(0, {
      columns: [
        { name: 'model', kind: 'text' },
        { name: 'price', kind: 'number' },
        { name: 'mpg', kind: 'number' },
      ],
    });
    const { texts, misfits } = convert(' A1,12500,55.4\n"","7",\n, 8 ,-1.5e-3\n,x,007\n', layout);
    expect(texts).toEqual([
      '{"model":" A1","price":12500,"mpg":55.4}',
      '{"model":"","price":7,"mpg":null}',
      '{"model":null,"price":8,"mpg":-1.5e-3}',
      '{"model":null,"price":"x","mpg":"007"}',
    ]);
    expect(misfits).toEqual([0, 1, 1]);
  });

  it('leaves columns out and adds fields', () => {
    const layout = textLayout(3, {
      columns: [
        { name: 'a', kind: 'skip' },
        { name: 'b', kind: 'text' },
        { name: 'c', kind: 'skip' },
      ],
      constants: [
        { name: 'maker', json: '"audi"' },
        { name: 'n', json: '1' },
      ],
    });
    expect(convert('1,2,"x""\ny"\n', layout).texts).toEqual(['{"b":"2","maker":"audi","n":1}']);
    const onlyConstants = textLayout(1, { columns: [{ name: 'a', kind: 'skip' }], constants: layout.constants });
    expect(convert('1\n', onlyConstants).texts).toEqual(['{"maker":"audi","n":1}']);
    expect(convert('1\n', textLayout(1, { columns: [{ name: 'a', kind: 'skip' }] })).texts).toEqual(['{}']);
  });

  it('gives keys their own text', () => {
    const { keys } = convert('a,x\n"b ""q""",y\n,z\n', textLayout(2, { keyColumn: 0 }));
    expect(keys).toEqual(['a', 'b "q"', null]);
  });

  it('reads event times, and refuses rows without one', () => {
    const layout = textLayout(2, {
      timeColumn: 1,
      parseTime: (text) => Number(new TextDecoder().decode(text)),
    });
    const { texts, bad } = convert('a,5\nb,"7"\nc,never\n', layout);
    expect(texts).toHaveLength(2);
    expect(bad).toEqual([{ row: 3, line: 3, reason: 'c1: "never" is not a time', fatal: false, text: 'c,never' }]);
  });

  it('refuses ragged rows with row and line, and goes on behind them', () => {
    const { texts, bad, rows } = convert('1,2\n"3\n3"\n\n4,5,6\r\n7,8', textLayout(2));
    expect(json(texts)).toEqual([
      { c0: '1', c1: '2' },
      { c0: '7', c1: '8' },
    ]);
    expect(rows).toEqual([1, 4]);
    expect(bad.map(({ row, line, reason, text }) => [row, line, reason, text])).toEqual([
      [2, 2, 'it has 1 field, the header has 2', '"3\n3"'],
      [3, 5, 'it has 3 fields, the header has 2', '4,5,6'],
    ]);
  });

  it('tells where a quote was opened that is never closed: what follows cannot be read', () => {
    const { texts, bad } = convert('1,2\n3,"4\n5,6\n', textLayout(2));
    expect(texts).toHaveLength(1);
    expect(bad).toMatchObject([{ row: 2, line: 2, fatal: true, reason: 'the quote opened at line 2 is never closed' }]);
  });

  it('refuses text behind a closing quote', () => {
    const { bad, texts } = convert('"a"b,c\n1,2\n', textLayout(2));
    expect(bad).toMatchObject([{ row: 1, reason: 'text follows the closing quote of field 1' }]);
    expect(texts).toHaveLength(1);
  });

  it('refuses bytes that are not UTF-8, with their place', () => {
    const bytes = Uint8Array.from([...Buffer.from('ab,caf'), 0xe9, 0x0a, ...Buffer.from('é,ü\n')]);
    const { bad, texts } = convert(bytes, textLayout(2));
    expect(bad[0]!.reason).toBe('byte 0xe9 at column 7 of the row is not UTF-8');
    expect(bad[0]!.hint).toContain('--encoding');
    expect(json(texts)).toEqual([{ c0: 'é', c1: 'ü' }]);
  });

  it('reads rows that end in a bare carriage return', () => {
    expect(json(convert('1,2\r"a\rb",c\nd\r', textLayout(2, { rowEnd: 'cr' })).texts)).toEqual([
      { c0: '1', c1: '2' },
      { c0: 'a\rb', c1: 'c\nd' },
    ]);
  });

  it('makes room for rows that are larger than the block', () => {
    const long = 'x'.repeat(200_000);
    const { texts } = convert(`${long},"${'\n'.repeat(100_000)}"\n1,2\n`, textLayout(2));
    expect(json(texts)).toEqual([
      { c0: long, c1: '\n'.repeat(100_000) },
      { c0: '1', c1: '2' },
    ]);
  });

  const cell = fc.string({
    unit: fc.constantFrom('a', 'B', '7', ' ', '"', ',', ';', '\n', '\r', '\t', '\\', '\u0001', 'é', '€', '😀', "'"),
    maxLength: 6,
  });
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));

  it('agrees with csv-parse on every dialect, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom('"', "'"),
        fc.infiniteStream(fc.boolean()),
        fc.array(fc.nat(200), { maxLength: 6 }),
        fc.boolean(),
        (rows, delimiter, rowEnd, quote, quoteIt, cuts, lastEnd) => {
          const quoted = (text: string): string =>
            /[\n\r]/.test(text) || text.includes(quote) || text.includes(delimiter) || quoteIt.next().value
              ? `${quote}${text.replaceAll(quote, quote + quote)}${quote}`
              : text;
          const text = rows.map((row) => row.map(quoted).join(delimiter)).join(rowEnd) + (lastEnd ? rowEnd : '');
          const width = rows[0]!.length;
          const layout = textLayout(width, { delimiter: delimiter.charCodeAt(0), quote: quote.charCodeAt(0) });
          const options = { delimiter, quote, escape: quote, record_delimiter: rowEnd, relax_column_count: true };
          const expected = parse(text, options) as string[][];
          const { texts, bad } = convert(text, layout, cuts);
          expect(bad).toEqual([]);
          const ours = (json(texts) as Record<string, string | null>[]).map((row) =>
            Object.values(row).map((value) => value ?? ''),
          );
          expect(ours).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never loses, doubles or reorders a row of any bytes, however they are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.array(fc.nat(80), { maxLength: 4 }), (noise, cuts) => {
        const bytes = noise.map((byte) => (byte < 200 ? [0x22, 0x2c, 0x0a, 0x0d, 0x61][byte % 5]! : byte));
        const whole = convert(bytes, textLayout(2));
        expect(convert(bytes, textLayout(2), cuts)).toEqual(whole);
        for (const text of whole.texts) JSON.parse(text);
        const numbers = [...whole.rows, ...whole.bad.map(({ row }) => row)].sort((a, b) => a - b);
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      }),
      { numRuns: 500 },
    );
  });

  it('takes for a number what JSON takes for one, or would without the spaces between groups of digits, and nothing else', () => {
    const layout = textLayout(1, { columns: [{ name: 'n', kind: 'number' }] });
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
      fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', '+', 'e', 'E', ' '), minLength: 1, maxLength: 7 }),
    );
    fc.assert(
      fc.property(number, (text) => {
        const { texts } = convert(`${text}\n`, layout);
        const bare = text.trim();
        const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(bare);
        const isCode = /^-?\d+[eE]\d+$/.test(bare);
        const isGrouped = /^-?[1-9]\d{0,2}( \d{3})+(\.\d+)?$/.test(bare);
        const shown = (isNumber && !isCode) || isGrouped ? bare.replaceAll(' ', '') : JSON.stringify(text);
        expect(texts).toEqual([`{"n":${shown}}`]);
      }),
      { examples: [['9 000 '], [' -12 000 000.5'], ['9 00'], ['0 000'], ['1000 000'], ['9 000e3']] },
    );
  });

  const plainCell = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'Z', ' ', "'", '-', '~', '\u007f', 'é', '€', '😀'), maxLength: 11 }),
    fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', 'e', ' '), maxLength: 11 }),
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }).map(String),
    fc.constantFrom('', '"q"', '"', '\\', '\t', '\r', 'a\rb', '\u0000', ','),
  );
  const kind = fc.constantFrom('text' as const, 'number' as const, 'skip' as const);
  const sheet = fc.integer({ min: 1, max: 6 }).chain((width) =>
    fc.record({
      kinds: fc.array(kind, { minLength: width, maxLength: width }),
      rows: fc.array(fc.array(plainCell, { minLength: width, maxLength: width }), { maxLength: 12 }),
      keyColumn: fc.integer({ min: -1, max: width - 1 }),
      timeColumn: fc.integer({ min: -1, max: width - 1 }),
    }),
  );

  it('takes plain rows for what they are to the thorough way, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        sheet,
        fc.constantFrom(',', ';', '\t', '.', '5', ' '),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.array(fc.nat(300), { maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 0, max: 255 })), { maxLength: 2 }),
        ({ kinds, rows, ...columns }, delimiter, rowEnd, isComma, cuts, noise) => {
          const layout = textLayout(0, {
            ...columns,
            delimiter: delimiter.charCodeAt(0),
            rowEnd: rowEnd === '\r' ? 'cr' : 'lf',
            columns: kinds.map((one, index) => ({
              name: `${'é'.repeat(index)}${index}`,
              kind: one,
              ...(isComma && index === 2 ? { decimal: 'comma' as const } : {}),
            })),
            constants: [{ name: 'maker', json: '"audi"' }],
            parseTime: (text) => (text.length % 5 === 4 ? Number.NaN : text.length),
          });
          const bytes = Uint8Array.from(Buffer.from(rows.map((row) => row.join(delimiter)).join(rowEnd)));
          for (const [at, byte] of noise) if (at < bytes.length) bytes[at] = byte;
          expect(convert(bytes, layout, cuts)).toEqual(convert(bytes, layout, [], 3, 1));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('ends cells at a delimiter that could be part of a number', () => {
    for (const delimiter of ' .-+eE05') {
      const values = ['', 'x', '7', '12', 'n/a'];
      const row = fc.array(fc.constantFrom(...values), { minLength: 3, maxLength: 3 });
      fc.assert(
        fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
          const columns = ['a', 'b', 'c'].map((name) => ({ name, kind: 'number' as const }));
          const layout = textLayout(3, { delimiter: delimiter.charCodeAt(0), columns });
          const { texts, bad } = convert(rows.map((cells) => `${cells.join(delimiter)}\n`).join(''), layout);
          const told = (cell: string) => (cell === '' ? null : Number.isNaN(Number(cell)) ? cell : Number(cell));
          expect(bad).toEqual([]);
          expect(texts.map((text) => Object.values(JSON.parse(text) as object))).toEqual(
            rows.map((cells) => cells.map(told)),
          );
        }),
        { seed: 1, numRuns: 50 },
      );
    }
  });

  it('goes on with plain rows behind cells that fill the block', () => {
    const long = '7'.repeat(70_000);
    const layout = textLayout(0, {
      columns: [
        { name: 'n', kind: 'number' },
        { name: 't', kind: 'text' },
      ],
    });
    const { texts } = convert(`1,a\n${long},${'x'.repeat(70_000)}\n-${long}.${long},\n2,b\n`, layout, [], 10);
    expect(texts).toEqual([
      '{"n":1,"t":"a"}',
      `{"n":${long},"t":"${'x'.repeat(70_000)}"}`,
      `{"n":-${long}.${long},"t":null}`,
      '{"n":2,"t":"b"}',
    ]);
  });
});
