import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as xlsx from 'xlsx';
import { fromUtf8, utf8 } from '../../../../src/base/bytes.js';
import { parseCellRange } from '../../../../src/connect/codecs/xlsx/cell-range.js';
import { appendNumberCell, GrowingBytes, readNumber } from '../../../../src/connect/codecs/xlsx/cell-text.js';
import {
  builtinKind,
  codeKind,
  type NumberKind,
  SerialWriter,
} from '../../../../src/connect/codecs/xlsx/date-serial.js';
import { SharedStrings } from '../../../../src/connect/codecs/xlsx/shared-strings.js';
import { CLOSE, EMPTY, END, MORE, OPEN, TEXT, XmlScanner } from '../../../../src/connect/codecs/xlsx/xml-scanner.js';
import { SimFiles } from '../../../support/sim-files.js';

async function* cut(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const end of [...cuts.map((at) => at % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

const textOf = (bytes: GrowingBytes): string => fromUtf8(bytes.bytes.subarray(0, bytes.used));
function growing(text: string): GrowingBytes {
  const bytes = new GrowingBytes(8);
  const source = utf8(text);
  bytes.append(source, 0, source.length);
  return bytes;
}

describe('XmlScanner', () => {
  const names: Readonly<Record<number, string>> = {
    [OPEN]: 'open',
    [CLOSE]: 'close',
    [EMPTY]: 'empty',
    [TEXT]: 'text',
  };

  async function tokens(xml: string, cuts: readonly number[] = []): Promise<string[]> {
    const scanner = new XmlScanner(cut(utf8(xml), cuts), 'part');
    const found: string[] = [];
    for (;;) {
      const token = scanner.next();
      if (token === END) return found;
      if (token === MORE) await scanner.fill();
      else if (token === TEXT) found.push(`text ${scanner.text()}`);
      else found.push(`${names[token]} ${scanner.name} ${JSON.stringify([...scanner.attributes()])}`);
    }
  }

  const xml = `<?xml version="1.0"?><a:r x="1>2" y='"'><!-- <no> --><b/>t&lt;&#65;&amp;amp;<![CDATA[<&]>]]></a:r>`;

  it('gives tags, attributes and texts, prefixes left out', async () => {
    expect(await tokens(xml)).toEqual([
      'open r [["x","1>2"],["y","\\""]]',
      'empty b []',
      'text t<A&amp;',
      'text <&]>',
      'close r []',
    ]);
  });

  it('gives the same however the bytes come', async () => {
    const whole = await tokens(xml);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(200), { maxLength: 12 }), async (cuts) => {
        expect(await tokens(xml, cuts)).toEqual(whole);
      }),
    );
  });

  it.each(['<!DOCTYPE a>', '<a', '<!-- x', '<a b="', '<![CDATA[x'])('refuses %s', async (text) => {
    await expect(tokens(text)).rejects.toMatchObject({ code: 'bad-data' });
  });
});

describe('SharedStrings', () => {
  it('gives the same strings from memory and from the disk', async () => {
    const part = (count: number): string =>
      `<sst>${Array.from({ length: count }, (_, index) => `<si><t>${index} ${'x'.repeat(index % 997)}</t></si>`).join('')}</sst>`;
    const count = 12_000;
    const files = new SimFiles();
    const strings = new SharedStrings(files, 512 * 1024);
    const text = new GrowingBytes(16);
    for (let index = 0; index < count; index++) {
      text.used = 0;
      const bytes = utf8(`s${index} ${'x'.repeat(index % 997)}`);
      text.append(bytes, 0, bytes.length);
      strings.add(text);
    }
    expect(strings.isSpilled).toBe(true);
    const read = await SharedStrings.read(cut(utf8(part(200)), [7, 9]), 'part', files);
    expect(read.isSpilled).toBe(false);
    fc.assert(
      fc.property(fc.nat(count - 1), fc.nat(199), (far, near) => {
        const out = new GrowingBytes(16);
        expect(strings.append(far, out)).toBe(true);
        expect(textOf(out)).toBe(`s${far} ${'x'.repeat(far % 997)}`);
        out.used = 0;
        expect(read.append(near, out)).toBe(true);
        expect(textOf(out)).toBe(`"${near} ${'x'.repeat(near % 997)}"`);
      }),
      { numRuns: 400 },
    );
    expect(strings.append(count, text)).toBe(false);
    strings.close();
  });
});

describe('numbers and dates of cells', () => {
  const written = (serial: number, kind: NumberKind, is1904 = false): string | undefined => {
    const out = new GrowingBytes(4);
    return new SerialWriter(is1904).append(serial, kind, out) ? textOf(out) : undefined;
  };

  it('agrees with the package on every day and second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80_000 }), fc.integer({ min: 0, max: 86_399 }), (day, second) => {
        const { y, m, d, H, M, S } = xlsx.SSF.parse_date_code(day + second / 86_400) as Record<string, number>;
        const two = (value: number | undefined): string => String(value).padStart(2, '0');
        const iso = `${y}-${two(m)}-${two(d)}T${two(H)}:${two(M)}:${two(S)}`;
        expect(written(day + second / 86_400, 'date')).toBe(iso);
      }),
      { numRuns: 500 },
    );
  });

  it('knows the first days, both systems, times of day and hours gone by', () => {
    expect(written(1, 'date')).toBe('1900-01-01T00:00:00');
    expect(written(60, 'date')).toBe('1900-02-29T00:00:00');
    expect(written(61, 'date')).toBe('1900-03-01T00:00:00');
    expect(written(0, 'date', true)).toBe('1904-01-01T00:00:00');
    expect(written(0.75, 'time')).toBe('18:00:00');
    expect(written(0.5 + 0.123 / 86_400, 'time')).toBe('12:00:00.123');
    expect(written(1.5, 'time')).toBe('1900-01-01T12:00:00');
    expect(written(5.25, 'elapsed')).toBe('126:00:00');
    expect(written(-1, 'date')).toBeUndefined();
    expect(written(3e6, 'date')).toBeUndefined();
  });

  it.each([
    ['yyyy-mm-dd', 'date'],
    ['[$-409]mmm d, yyyy;@', 'date'],
    ['mmm', 'date'],
    ['d/m/yy h:mm', 'date'],
    ['h:mm AM/PM', 'time'],
    ['mm:ss.0', 'time'],
    ['[h]:mm:ss', 'elapsed'],
    ['[mm]:ss', 'elapsed'],
    ['0.00', 'number'],
    ['#,##0 "days"', 'number'],
    ['[Red]0;[Blue]-0', 'number'],
    ['0.00E+00', 'number'],
    ['General', 'number'],
    ['0\\d', 'number'],
  ])('takes the format %s for a %s', (code, kind) => {
    expect(codeKind(code)).toBe(kind);
  });

  it('knows the built-in formats', () => {
    expect([0, 2, 10, 14, 18, 22, 45, 46, 47, 49].map(builtinKind)).toEqual([
      'number',
      'number',
      'number',
      'date',
      'time',
      'date',
      'time',
      'elapsed',
      'time',
      'number',
    ]);
  });

  it('writes every double so that it is read back as the same', () => {
    const decimal = fc.tuple(fc.integer(), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`);
    const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toPrecision(17));
    fc.assert(
      fc.property(fc.oneof(decimal, double, fc.integer().map(String)), (text) => {
        const out = new GrowingBytes(4);
        appendNumberCell(growing(text), out);
        expect(textOf(out)).toBe(Object.is(Number(text), -0) && text.startsWith('-0.') ? '0' : String(Number(text)));
        expect(readNumber(growing(text).bytes, text.length)).toBe(Number(text));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('parseCellRange', () => {
  it('reads corners, columns and rows', () => {
    expect(parseCellRange('b2:$C$40')).toEqual({ firstColumn: 2, lastColumn: 3, firstRow: 2, lastRow: 40 });
    expect(parseCellRange('A:AB')).toMatchObject({ firstColumn: 1, lastColumn: 28, firstRow: 1, lastRow: 1_048_576 });
    expect(parseCellRange('3:20')).toMatchObject({ lastColumn: 16_384, firstRow: 3, lastRow: 20 });
    expect(parseCellRange('B3')).toMatchObject({ firstColumn: 2, firstRow: 3, lastRow: 1_048_576 });
  });

  it.each(['', ':', 'A1:', 'C1:A2', 'A5:B2', 'A0:B2', 'A1:XFE2', 'first'])('refuses %j', (text) => {
    expect(() => parseCellRange(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
