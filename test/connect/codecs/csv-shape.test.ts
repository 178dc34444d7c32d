import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import { detectCsv, parseDelimiter } from '../../../src/connect/codecs/csv-shape.js';

const detect = (text: string, complete = true) => detectCsv(utf8(text), complete);
const typesOf = (text: string) => detect(text).columns.map(({ type }) => type);

describe('detectCsv', () => {
  it.each([
    [',', 'a,b,c\n1,2,3\n'],
    [';', 'a;b;c\n1,5;2,5;x\n'],
    ['\t', 'a\tb\n1,2\t3;4\n'],
    ['|', 'a|b\n1|2\n'],
    [',', '"x;y;z",b\n"1;2;3",4\n'],
    [',', 'one\ntwo\n'],
  ])('finds the delimiter %j', (delimiter, text) => {
    expect(String.fromCharCode(detect(text).marks.delimiter)).toBe(delimiter);
  });

  it('decides the type of a column once, and keeps codes as text', () => {
    expect(typesOf('i,d,z,e,t,s,n\n1,1.5,007,1E1,01 002,1E1-060,\n-2,2,010,2E2,3,x,\n')).toEqual([
      'bigint',
      'double',
      'text',
      'text',
      'text',
      'text',
      'text',
    ]);
  });

  it('lets pieces from further inside take part in types', () => {
    const shape = detectCsv(utf8('a,b\n1,2\n'), false, { more: [utf8('9\n3,x\n4'), utf8('3,1.5\n4,1.5\n')] });
    expect(shape.columns).toMatchObject([
      { name: 'a', type: 'bigint' },
      { name: 'b', type: 'text' },
    ]);
  });

  it('names columns without a name, keeps line feeds in names, counts lines', () => {
    const shape = detect('"a\nb",,c\n1,2,3\n');
    expect(shape.columns.map(({ name }) => name)).toEqual(['a\nb', 'column_2', 'c']);
    expect(shape.firstLine).toBe(3);
    expect(shape.headerBytes).toBe(9);
  });

  it('reads rows that end in a bare carriage return', () => {
    expect(detect('a,b\r1,2\r').marks.rowEnd).toBe('cr');
    expect(detect('a,b\r\n1,2\r\n').marks.rowEnd).toBe('lf');
    // Line feeds in cells end no rows, carriage returns in cells neither.
    expect(detect('a,b\r1,"x\ny"\r').marks.rowEnd).toBe('cr');
    expect(detect('a,b\n1,"x\ry"\n').marks.rowEnd).toBe('lf');
    expect(detect('a,"b\r"\r\n1,"x\ry"\r\n').marks.rowEnd).toBe('lf');
    expect(detect('5" disk,b\r\n1,2\r\n').marks.rowEnd).toBe('lf');
  });

  it.each([
    ['', 'the file is empty'],
    ['\n\n', 'the file has no header row'],
    ['a,b\n', 'the file has a header and no rows'],
    ['a,b', 'the file has a header and no rows'],
    ['a,"b\n1,2\n', 'the quote opened in the header, line 1, is never closed'],
    ['a,b,a\n1,2,3\n', 'two columns are named "a"'],
  ])('refuses %j', (text, message) => {
    expect(() => detect(text)).toThrow(expect.objectContaining({ code: 'bad-data', message }));
  });
});

describe('parseDelimiter', () => {
  it('reads characters and names', () => {
    expect(['auto', ';', 'tab', '\\t', 'pipe', 'semicolon'].map(parseDelimiter)).toEqual([
      undefined,
      59,
      9,
      9,
      124,
      59,
    ]);
  });

  it.each(['ab', '', '"', '\n', 'é'])('refuses %j', (text) => {
    expect(() => parseDelimiter(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
