import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as xlsx from 'xlsx';
import { parseCellRange } from '../../../../src/connect/codecs/xlsx/cell-range.js';
import { StreamSource } from '../../../../src/connect/sources/replay/byte-source.js';
import { sheetNames } from '../../../../src/connect/sources/replay/xlsx-reader.js';
import { makeWorkbook, zip } from '../../../support/make-workbook.js';
import { edges, fileOf, readRows } from './read-rows.js';

type Cell = string | number | boolean | null | { readonly serial: number; readonly format: string };

const values = (texts: readonly string[]): (string | null)[][] =>
  texts.map((text) => Object.values(JSON.parse(text) as Record<string, string | null>));
const bytesOf = (book: xlsx.WorkBook, options: xlsx.WritingOptions): Uint8Array =>
  new Uint8Array(xlsx.write(book, { type: 'array', bookType: 'xlsx', ...options }) as ArrayBuffer);

/** A workbook with one sheet of these rows. */
function bookOf(rows: readonly (readonly Cell[])[], origin = 'A1'): xlsx.WorkBook {
  const book = xlsx.utils.book_new();
  const plain = rows.map((row) => row.map((cell) => (cell !== null && typeof cell === 'object' ? cell.serial : cell)));
  const sheet = xlsx.utils.aoa_to_sheet(plain, { origin } as xlsx.AOA2SheetOpts);
  const { r: top, c: left } = xlsx.utils.decode_cell(origin);
  const corner = { r: top + rows.length - 1, c: left + rows[0]!.length - 1 };
  sheet['!ref'] = xlsx.utils.encode_range({ s: { r: top, c: left }, e: corner });
  for (const [r, row] of rows.entries()) {
    for (const [c, cell] of row.entries()) {
      if (cell === null || typeof cell !== 'object') continue;
      (sheet[xlsx.utils.encode_cell({ r: r + top, c: c + left })] as xlsx.CellObject).z = cell.format;
    }
  }
  xlsx.utils.book_append_sheet(book, sheet, 'One');
  return book;
}

/** What the cell must be as text, told by other means than the reader's. */
function expected(cell: Cell): string | null {
  if (cell === null || cell === '') return null;
  if (typeof cell === 'boolean') return cell ? 'TRUE' : 'FALSE';
  if (typeof cell !== 'object') return String(cell);
  if (cell.format === '0.00') return String(cell.serial);
  const { y, m, d, H, M, S } = xlsx.SSF.parse_date_code(cell.serial) as Record<string, number>;
  const two = (number: number | undefined): string => String(number).padStart(2, '0');
  const clock = `${two(H)}:${two(M)}:${two(S)}`;
  return cell.format === 'h:mm' && cell.serial < 1 ? clock : `${y}-${two(m)}-${two(d)}T${clock}`;
}

/** The same of what the package read. */
function cellOf(cell: xlsx.CellObject | undefined): string | null {
  if (cell?.v === undefined) return null;
  const isDate = cell.t === 'n' && xlsx.SSF.is_date(String(cell.z));
  if (isDate) return expected({ serial: cell.v as number, format: String(cell.z) });
  // A parser of XML makes line feeds of all line ends; the package does not.
  return expected(typeof cell.v === 'string' ? cell.v.replaceAll('\r\n', '\n') : (cell.v as Cell));
}

describe('a workbook', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'Ü', '7', ' ', '"', ',', '\n', '\t', '&', '<', '>', "'", '😀', '_', 'x', '0', ';'),
    maxLength: 8,
  });
  const serial = fc
    .tuple(fc.integer({ min: 61, max: 80_000 }), fc.integer({ min: 0, max: 86_399 }))
    .map(([day, second]) => day + second / 86_400);
  const cell: fc.Arbitrary<Cell> = fc.oneof(
    text,
    fc.constant(null),
    fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.record({ serial, format: fc.constantFrom('yyyy-mm-dd', 'd/m/yy h:mm', '[$-409]mmm d, yyyy', '0.00') }),
    fc.record({
      serial: fc.integer({ min: 0, max: 86_399 }).map((second) => second / 86_400),
      format: fc.constant('h:mm'),
    }),
  );
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((width) =>
      fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }),
    );

  it('has the rows that were written into it, however it was written', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.record({ bookSST: fc.boolean(), compression: fc.boolean() }),
        fc.constantFrom('A1', 'C4'),
        async (rows, options, origin) => {
          const header = rows[0]!.map((_, index) => `column ${index}`);
          // A row with a cell in it: empty ones are passed over.
          const full = rows.map((row) => ['x', ...row]);
          const bytes = bytesOf(bookOf([['first', ...header], ...full], origin), options);
          const { texts, bad } = await readRows(fileOf('a.xlsx', bytes), { textOnly: true });
          expect(bad).toEqual([]);
          expect(values(texts)).toEqual(full.map((row) => row.map(expected)));
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each(['xls', 'xlsb'] as const)('is the same as %s', async (bookType) => {
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom('A1', 'C4'), async (rows, origin) => {
        const header = rows[0]!.map((_, index) => `column ${index}`);
        // The package reads doubles at the edge of what there is otherwise.
        const tame = (value: Cell): Cell =>
          typeof value === 'number' && !Number.isInteger(value)
            ? Math.round(value % 1e9) / 64
            : Number.isSafeInteger(value) || typeof value !== 'number'
              ? value
              : 1e20;
        const full = [['first', ...header], ...rows.map((row) => ['x', ...row.map(tame)])];
        const [one, other] = await Promise.all([
          readRows(fileOf('a.xlsx', bytesOf(bookOf(full, origin), {}))),
          readRows(fileOf(`a.${bookType}`, bytesOf(bookOf(full, origin), { bookType }))),
        ]);
        expect(other.bad).toEqual([]);
        expect(other.texts).toEqual(one.texts);
        expect(other.shape).toEqual(one.shape);
      }),
      { numRuns: 60 },
    );
  });

  it('has the dates and times of an OpenDocument sheet, whatever they are shown as', async () => {
    const cell = (type: string, rest: string, text = ''): string =>
      `<table:table-cell office:value-type="${type}" ${rest}><text:p>${text}</text:p></table:table-cell>`;
    const row = (...cells: string[]): string => `<table:table-row>${cells.join('')}</table:table-row>`;
    const names = ['d', 'dt', 't', 'n', 's'].map((name) => cell('string', '', name));
    const content =
      `<office:document-content><office:body><office:spreadsheet><table:table table:name="One">${row(...names)}` +
      `${row(
        cell('date', 'office:date-value="2022-03-27"', '27/03/22'),
        cell('date', 'office:date-value="2022-03-27T02:30:00"', '27 March'),
        cell('time', 'office:time-value="PT06H05M04S"', '6:05'),
        cell('float', 'office:value="12.50"', '12,50'),
        cell('string', '', '0012'),
      )}</table:table></office:spreadsheet></office:body></office:document-content>`;
    const mimetype = 'application/vnd.oasis.opendocument.spreadsheet';
    const bytes = zip({
      mimetype,
      'META-INF/manifest.xml': '<manifest:manifest/>',
      'styles.xml': '<office:document-styles/>',
      'content.xml': content,
    });
    const { texts } = await readRows(fileOf('a.ods', bytes));
    expect(texts).toEqual([
      '{"d":"2022-03-27T00:00:00","dt":"2022-03-27T02:30:00","t":"06:05:04","n":12.5,"s":"0012"}',
    ]);
  });

  it.each(['xlsx', 'xls', 'xlsb', 'ods'] as const)('names all sheets of %s, packed or not', async (bookType) => {
    const book = bookOf([['a'], [1]]);
    xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet([['b'], [2]]), 'Two');
    const bytes = bytesOf(book, { bookType });
    expect(await sheetNames(fileOf('a', bytes), edges)).toEqual(['One', 'Two']);
    expect(await sheetNames(fileOf('a', gzipSync(bytes)), edges)).toEqual(['One', 'Two']);
    const { texts } = await readRows(fileOf(`a.${bookType}.gz`, gzipSync(bytes)), { sheet: 'Two' });
    expect(texts).toEqual(['{"b":2}']);
  });

  it('has no sheets where it is text', async () => {
    expect(await sheetNames(fileOf('a.csv', 'a,b\n1,2\n'), edges)).toEqual([]);
  });

  const water = '../shared/data/water';
  it
    .skipIf(!existsSync(water))
    .each(['LTM_first500.derived.xlsx', 'Methods_2022_8_1.xlsx', 'Site_Information_2022_8_1.xlsx'])(
    '%s: the same rows as the package reads (needs ../shared/data)',
    async (name) => {
      const bytes = readFileSync(`${water}/${name}`);
      const { texts, shape, bad } = await readRows(fileOf(name, bytes), { textOnly: true });
      const book = xlsx.read(bytes, { type: 'array', cellNF: true });
      const sheet = book.Sheets[book.SheetNames[0]!]!;
      const { e: end } = xlsx.utils.decode_range(sheet['!ref']!);
      const cells = Array.from({ length: end.r + 1 }, (_, r) =>
        Array.from({ length: end.c + 1 }, (__, c) =>
          cellOf(sheet[xlsx.utils.encode_cell({ r, c })] as xlsx.CellObject),
        ),
      );
      expect(bad).toEqual([]);
      expect(shape.columns.map((column) => column.name)).toEqual(cells[0]);
      expect(values(texts)).toEqual(cells.slice(1));
    },
  );

  it('reads cells the quick way as it reads them token by token', async () => {
    const value = fc.oneof(
      fc.constantFrom(
        '0',
        '-0',
        '007',
        '1.50',
        '0.05',
        '-12.5',
        '1e3',
        '123456789012345',
        '12345678901234567',
        '.5',
        '',
      ),
      fc.constantFrom('43000', '43000.25', '-1', '60', '2958466', '99999999999'),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    );
    const plain = fc.oneof(
      fc.tuple(fc.constantFrom('', ' s="0"', ' s="1"', ' s="2"', ' s="9"', ' t="n"', ' s="1" t="n"'), value),
      fc.tuple(fc.constantFrom(' t="s"', ' s="1" t="s"', ' t="s" s="2"'), fc.constantFrom('0', '1', '2', '3')),
      fc.tuple(fc.constantFrom(' t="b"', ' t="str"', ' t="e"'), fc.constantFrom('1', '0')),
    );
    const cells = fc.array(fc.option(plain), { minLength: 4, maxLength: 4 });
    const files = {
      'xl/sharedStrings.xml': '<sst><si><t>a</t></si><si><t/></si><si><t>7</t></si><si><t>"x", y</t></si></sst>',
      'xl/styles.xml':
        '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="20"/></cellXfs></styleSheet>',
    };
    const head = '<row r="1">A B C D E</row>'.replace(
      /[A-E] ?/g,
      (letter) => `<c r="${letter.trim()}1" t="str"><v>${letter.trim()}</v></c>`,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(cells, { minLength: 1, maxLength: 8 }), fc.boolean(), async (rows, isKnown) => {
        const body = rows.map((row, index) => {
          const written = row.map((cell, column) => {
            const place = `r="${'BCDE'[column]}${index + 2}"`;
            if (cell === null) return column % 2 === 0 ? '' : `<c ${place} s="1"/>`;
            return `<c ${place}${cell[0]}><v>${cell[1]}</v></c>`;
          });
          return `<row r="${index + 2}" spans="1:5"><c r="A${index + 2}"><v>1</v></c>${written.join('')}</row>`;
        });
        const sheet = `${isKnown ? '<dimension ref="A1:E9"/>' : ''}<sheetData>${head}${body.join('')}</sheetData>`;
        const read = async (xml: string): Promise<unknown> => {
          const { texts, bad } = await readRows(fileOf('a.xlsx', makeWorkbook(xml, files)), { textOnly: true });
          return { texts, bad };
        };
        expect(await read(sheet)).toEqual(await read(sheet.replace(/<(\/?)([a-z])/gi, '<$1s:$2')));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses cells that go back in their row', async () => {
    const sheet =
      '<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row><row r="2"><c r="B2"><v>2</v></c><c r="A2"><v>1</v></c></row></sheetData>';
    await expect(readRows(fileOf('a.xlsx', makeWorkbook(sheet)))).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('row 2 of the sheet has its cells out of order'),
    });
  });

  it('keeps codes that are text in the sheet, and numbers that are numbers', async () => {
    const book = bookOf([
      ['site', 'code', 'n', 'on'],
      ['01364959', '1E1-060', 1, true],
      ['12', '5', 0.1 + 0.2, false],
    ]);
    const { texts, shape } = await readRows(fileOf('a.xlsx', bytesOf(book, {})));
    expect(texts).toEqual([
      '{"site":"01364959","code":"1E1-060","n":1,"on":"TRUE"}',
      '{"site":"12","code":"5","n":0.30000000000000004,"on":"FALSE"}',
    ]);
    expect(shape.columns.map(({ type }) => type)).toEqual(['string', 'string', 'double', 'string']);
  });

  it('tells rows by their number in the sheet, line feeds in cells or not', async () => {
    const sheet = `<sheetData>
      <row r="2"><c r="A2" t="inlineStr"><is><t>a</t></is></c><c r="B2" t="inlineStr"><is><t>b</t></is></c></row>
      <row r="3"><c r="A3" t="inlineStr"><is><t>x&#10;y</t></is></c><c r="B3"><v>1</v></c></row>
      <row r="4"/>
      <row r="7"><c r="A7"><v>1</v></c><c r="D7"><v>2</v></c></row></sheetData>`;
    const { texts, bad } = await readRows(fileOf('a.xlsx', makeWorkbook(sheet)));
    expect(texts).toEqual(['{"a":"x\\ny","b":1}']);
    expect(bad).toEqual(['7: it has 4 fields, the header has 2']);
  });

  it('reads what writers differ in', async () => {
    const files = {
      'xl/sharedStrings.xml':
        '<x:sst><x:si><x:t>na</x:t></x:si><x:si><x:r><x:rPr/><x:t>a&amp;</x:t></x:r><x:r><x:t xml:space="preserve"> b</x:t></x:r>' +
        '<x:rPh sb="0" eb="1"><x:t>reading</x:t></x:rPh></x:si><x:si/><x:si><x:t><![CDATA[<c>]]>_x000D_</x:t></x:si></x:sst>',
      'xl/styles.xml':
        '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="[$-40C]d\\-mmm&quot;h&quot;"/></numFmts>' +
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="46"/></cellXfs></styleSheet>',
    };
    const sheet = `<dimension ref="A1"/><sheetData><!-- by hand --><row><c t='s'><v>0</v></c><c t="str"><v>m</v></c><c t="str"><v>d</v></c><c t="str"><f>B1&amp;"x"</f><v>n</v></c></row>
      <row><c t="s"><v>1</v></c><c t="e"><v>#N/A</v></c><c s="1"><f t="shared" si="0">A1+1</f><v>60</v></c><c><v>1.5E-3</v></c></row>
      <row><c t="s"><v>2</v></c><c t="s"><v>3</v></c><c s="2"><v>1.5</v></c><c t="d"><v>2024-01-01</v></c></row></sheetData><mergeCells/>`;
    const prefixed = sheet.replace(/<(\/?)([a-z])/gi, '<$1s:$2');
    for (const xml of [sheet, prefixed]) {
      const { texts } = await readRows(fileOf('a.xlsx', makeWorkbook(xml, files)));
      expect(values(texts)).toEqual([
        ['a& b', '#N/A', '1900-02-29T00:00:00', '0.0015'],
        [null, '<c>\r', '36:00:00', '2024-01-01'],
      ]);
    }
  });

  it('counts days from 1904 where the workbook says so', async () => {
    const files = {
      'xl/workbook.xml':
        '<workbook><workbookPr date1904="1"/><sheets><sheet name="One" r:id="r1"/><sheet name="Two" r:id="r1"/></sheets></workbook>',
      'xl/styles.xml': '<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>',
    };
    const sheet = '<sheetData><row><c t="str"><v>d</v></c></row><row><c><v>0.5</v></c></row></sheetData>';
    const { texts } = await readRows(fileOf('a.xlsx', makeWorkbook(sheet, files)), { sheet: 'Two' });
    expect(texts).toEqual(['{"d":"1904-01-01T12:00:00"}']);
  });

  it('takes a range', async () => {
    const book = bookOf([
      ['title', null, null, null],
      ['a', 'b', 'c', 'd'],
      [1, 2, 3, 4],
      [5, null, null, 8],
      [9, 10, 11, 12],
    ]);
    const range = parseCellRange('B2:C4');
    const { texts } = await readRows(fileOf('a.xlsx', bytesOf(book, {})), { range });
    expect(texts).toEqual(['{"b":2,"c":3}']);
    const open = await readRows(fileOf('a.xlsx', bytesOf(book, {})), { range: parseCellRange('A2') });
    expect(open.texts).toHaveLength(3);
  });

  it('reads one that comes as a stream', async () => {
    const bytes = bytesOf(bookOf([['a'], [1], [2]]), { compression: true });
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    }
    const { texts, reader } = await readRows(new StreamSource(pieces(), 'stdin'), { format: 'xlsx' });
    expect(texts).toEqual(['{"a":1}', '{"a":2}']);
    expect(await reader.rewind()).toBe(true);
  });

  it.each(['xls', 'xlsb', 'ods'] as const)('reads %s through the package', async (bookType) => {
    const bytes = new Uint8Array(
      xlsx.write(
        bookOf([
          ['a', 'b'],
          [1, 'x'],
        ]),
        { type: 'array', bookType },
      ) as ArrayBuffer,
    );
    const { texts, shape } = await readRows(fileOf(`a.${bookType}`, bytes));
    expect(texts).toEqual(['{"a":1,"b":"x"}']);
    expect(shape.format).toBe('xlsx');
  });
});

describe('a hostile workbook', () => {
  const rows = '<sheetData><row><c t="str"><v>a</v></c></row><row><c><v>1</v></c></row></sheetData>';

  it.each([
    [
      'a document type',
      { 'xl/worksheets/sheet1.xml': `<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet>${rows}</worksheet>` },
      'bad-data',
      'document type',
    ],
    [
      'an endless text',
      { 'xl/worksheets/sheet1.xml': `<worksheet><sheetData><row><c t="str"><v>${'a'.repeat(3e6)}` },
      'limit-exceeded',
      'longer than a cell',
    ],
    [
      'a cut part',
      { 'xl/worksheets/sheet1.xml': `<worksheet><sheetData><row><c t="s` },
      'bad-data',
      'ends inside a tag',
    ],
    [
      'a text that is not there',
      { 'xl/worksheets/sheet1.xml': '<worksheet><sheetData><row><c t="s"><v>5</v></c></row></sheetData></worksheet>' },
      'bad-data',
      'points to text 5',
    ],
    [
      'rows that go back',
      { 'xl/worksheets/sheet1.xml': '<worksheet><sheetData><row r="2"/><row r="2"/></sheetData></worksheet>' },
      'bad-data',
      'row 2 of the sheet follows row 2',
    ],
    [
      'a row beyond the last',
      { 'xl/worksheets/sheet1.xml': '<worksheet><sheetData><row r="9999999"/></sheetData></worksheet>' },
      'bad-data',
      'row 9999999',
    ],
    ['UTF-16', { 'xl/worksheets/sheet1.xml': Uint8Array.of(0xff, 0xfe, 0x3c, 0) }, 'bad-data', 'UTF-16'],
    ['no rows', { 'xl/worksheets/sheet1.xml': '<worksheet><sheetData/></worksheet>' }, 'bad-data', 'is empty'],
  ])('%s', async (_, files, code, message) => {
    await expect(readRows(fileOf('a.xlsx', makeWorkbook(rows, files)))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('a bomb: stopped long before its end', async () => {
    const nothing = `<!--${' '.repeat(500_000)}-->`.repeat(150);
    const bomb = `<worksheet><sheetData><row><c t="str"><v>a</v></c></row>${nothing}</sheetData></worksheet>`;
    const bytes = makeWorkbook(rows, { 'xl/worksheets/sheet1.xml': bomb });
    expect(bomb.length / bytes.length).toBeGreaterThan(200);
    await expect(readRows(fileOf('a.xlsx', bytes))).rejects.toMatchObject({
      code: 'limit-exceeded',
      message: expect.stringContaining('zip bomb'),
    });
  });

  it('encrypted parts, and damage anywhere: an error of ours, never a crash', async () => {
    const good = makeWorkbook(rows);
    await expect(readRows(fileOf('a.xlsx', zip({ 'a.xml': 'x' }, { encrypted: true })))).rejects.toMatchObject({
      code: 'bad-data',
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bytes = good.slice();
        bytes[at] = bytes[at]! ^ flip;
        await readRows(fileOf('a.xlsx', bytes)).catch((error: { code?: string; exit?: number }) => {
          expect(['bad-data', 'limit-exceeded', 'not-found']).toContain(error.code);
        });
      }),
      { numRuns: 200 },
    );
  });
});
