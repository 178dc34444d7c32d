import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromUtf8, utf8 } from '../../../../src/base/bytes.js';
import { ByteWriter } from '../../../../src/commands/shared/frame/byte-writer.js';
import { parseJson } from '../../../../src/commands/shared/frame/json-text.js';
import { compileInputFormat } from '../../../../src/commands/shared/records/input-format.js';
import {
  envelopeReader,
  type InputRecord,
  type PlainOptions,
  plainReader,
  readHeaders,
  splitRecords,
} from '../../../../src/commands/shared/records/input-records.js';
import { compileFormat, type RecordWriter } from '../../../../src/commands/shared/records/record-format.js';
import { writeEnvelope, writeTypedRecord } from '../../../../src/commands/shared/records/record-json.js';
import { readBatchHeader, recordSection } from '../../../../src/wire/record-batch.js';
import { encodeHeaders, RecordBatchBuilder } from '../../../../src/wire/record-batch-builder.js';
import { RecordCursor } from '../../../../src/wire/record-cursor.js';

const plainCompression = {
  prepare: async () => undefined,
  compress: (_: string, b: Uint8Array) => b,
  decompress: (_: string, b: Uint8Array) => b,
  inflate: (_: string, pieces: AsyncIterable<Uint8Array>) => pieces,
};
const place = { topic: 't', partition: 2, leaderEpoch: 7 };

/** What `write` makes of one record at offset 0. */
function written(record: InputRecord, write: RecordWriter): string {
  return fromUtf8(writtenBytes(record, write));
}

function writtenBytes(record: InputRecord, write: RecordWriter): Uint8Array {
  const builder = new RecordBatchBuilder();
  const headers = encodeHeaders((record.headers ?? []).map(([key, value]) => ({ key, value })));
  builder.append(record.timestampMs ?? 1000, record.key, record.value, headers);
  const batch = builder.finish();
  const header = readBatchHeader(batch);
  const cursor = new RecordCursor();
  cursor.open(header, recordSection(batch, header, plainCompression, 1_000_000));
  cursor.next();
  const chunks: Uint8Array[] = [];
  const out = new ByteWriter({ write: (chunk) => void chunks.push(typeof chunk === 'string' ? utf8(chunk) : chunk) });
  write(out, cursor, place, 0);
  out.flush();
  return concatBytes(chunks);
}

const text = (value: string | null): Uint8Array | null => (value === null ? null : utf8(value));
const record: InputRecord = {
  key: utf8('k"1'),
  value: utf8('v\n1'),
  headers: [
    ['a', utf8('b')],
    ['c', null],
  ],
  timestampMs: Date.parse('2022-02-14T10:00:00.123Z'),
};

describe('-f', () => {
  it.each([
    ['%t/%p:%o %k=%v\\n', 't/2:0 k"1=v\n1\n'],
    ['%T %d %d{iso} %d{s}', '1644832800123 2022-02-14T10:00:00.123Z 2022-02-14T10:00:00.123Z 1644832800'],
    ['%s|%S|%V|%K', 'v\n1|3|3|3'],
    ['%h %H', 'a=b,c= 2'],
    ['%h{<%k:%v>}', '<a:b><c:>'],
    ['%k{hex} %v{base64} %v{json}', '6b2231 dgox "v\\n1"'],
    ['%e %i 100%%\\t\\x41\\\\', '7 1 100%\tA\\'],
    ['', ''],
  ])('%s', (format, expected) => {
    expect(written(record, compileFormat(format))).toBe(expected);
  });

  it('writes null as nothing, and its size as -1', () => {
    expect(written({ key: null, value: null }, compileFormat('[%k|%v|%K|%V|%v{json}]'))).toBe('[||-1|-1|null]');
  });

  it.each(['%y', '%', '%k{hex', '%k{oct}', '%d{x}', '\\q', '%h{%o}', '%t{hex}'])('refuses %j', (format) => {
    expect(() => compileFormat(format)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('an envelope', () => {
  const bytes = fc.option(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.string({ unit: 'binary' }).map(utf8)), {
    nil: null,
  });
  const anyRecord = fc.record({
    key: bytes,
    value: bytes,
    headers: fc.array(fc.tuple(fc.string(), bytes), { maxLength: 3 }),
    timestampMs: fc.integer({ min: 0, max: 4e12 }),
  });

  it('loses nothing on its way through consume -J and produce -J', () => {
    fc.assert(
      fc.property(anyRecord, (original) => {
        const line = writtenBytes(original, writeEnvelope);
        expect(line.indexOf(10)).toBe(line.length - 1);
        const back = envelopeReader(line.subarray(0, -1));
        const plain = (value: Uint8Array | null): number[] | null => (value === null ? null : [...value]);
        expect(plain(back.key)).toEqual(plain(original.key));
        expect(plain(back.value)).toEqual(plain(original.value));
        expect(back.headers!.map(([name, value]) => [name, plain(value)])).toEqual(
          original.headers.map(([name, value]) => [name, plain(value)]),
        );
        expect([back.partition, back.timestampMs]).toEqual([2, original.timestampMs]);
      }),
    );
  });

  it('is what people expect to see', () => {
    expect(written(record, writeEnvelope)).toBe(
      '{"topic":"t","partition":2,"offset":0,"timestamp":1644832800123,"headers":[{"key":"a","value":"b"},{"key":"c","value":null}],"key":"k\\"1","value":"v\\n1"}\n',
    );
  });

  it('is understood as kcat writes it', () => {
    const line = '{"topic":"t","ts":1,"headers":["a","b","c",null],"key":"k","payload":"p"}';
    expect(envelopeReader(utf8(line))).toEqual({
      key: utf8('k'),
      value: utf8('p'),
      headers: [
        ['a', utf8('b')],
        ['c', null],
      ],
    });
  });

  it.each([
    '',
    '{',
    '[]',
    '"a"',
    '{"value":{"a":1}}',
    '{"value":1}',
    '{"value":"x","valueEncoding":"rot13"}',
    '{"headers":3}',
    '{"headers":[{}]}',
  ])('refuses %j', (line) => {
    expect(() => envelopeReader(utf8(line))).toThrow(expect.objectContaining({ code: 'bad-data', exit: 2 }));
  });
});

describe('--json', () => {
  const value = (raw: string | null): string => written({ key: null, value: text(raw) }, writeTypedRecord);

  it('embeds objects and arrays with all their digits, and writes the rest as text', () => {
    expect(value('{"n": 12345678901234567890}')).toContain('"value":{"n": 12345678901234567890}}');
    expect(value('[1,2]')).toContain('"value":[1,2]}');
    expect(value('42')).toContain('"value":"42"}');
    expect(value('{"broken"')).toContain('"value":"{\\"broken\\""}');
    expect(value('{"a":1} {"b":2}')).toContain('"value":"{\\"a\\":1} {\\"b\\":2}"}');
    expect(value(null)).toContain('"value":null}');
  });

  it('is always one line of JSON', () => {
    const anything = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.json().map((json) => JSON.stringify(JSON.parse(json), null, 2)),
      fc.string(),
    );
    fc.assert(
      fc.property(anything, (raw) => {
        const line = value(raw);
        expect(line.endsWith('\n')).toBe(true);
        const parsed = JSON.parse(line) as { value: unknown };
        if (typeof parsed.value === 'string') expect(parsed.value).toBe(raw);
        else expect(parsed.value).toEqual(JSON.parse(raw));
      }),
    );
  });
});

async function split(chunks: readonly Uint8Array[], delimiter: string): Promise<string[]> {
  const found: string[] = [];
  const source = (async function* () {
    yield* chunks;
  })();
  for await (const pieces of splitRecords(source, utf8(delimiter))) found.push(...pieces.map(fromUtf8));
  return found;
}

describe('the records of an input', () => {
  it('are what stands between delimiters, wherever the chunks end', async () => {
    const whole = 'one--two----three-';
    for (let size = 1; size <= whole.length; size++) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
        utf8(whole.slice(at * size, (at + 1) * size)),
      );
      expect(await split(chunks, '--')).toEqual(['one', 'two', '', 'three-']);
    }
  });

  it('end at the end of input, with or without a delimiter', async () => {
    expect(await split([utf8('a\nb\n')], '\n')).toEqual(['a', 'b']);
    expect(await split([utf8('a\nb')], '\n')).toEqual(['a', 'b']);
    expect(await split([utf8('\n')], '\n')).toEqual(['']);
    expect(await split([], '\n')).toEqual([]);
  });

  it('are the whole input without a delimiter', async () => {
    expect(await split([utf8('a\n'), utf8('b')], '')).toEqual(['a\nb']);
  });

  const options = (given: Partial<PlainOptions>): PlainOptions => ({
    key: null,
    keyDelimiter: utf8(''),
    emptyAsNull: false,
    headers: [],
    ...given,
  });

  it('have a key before the key delimiter', () => {
    const read = plainReader(options({ keyDelimiter: utf8('::'), key: utf8('d') }));
    expect(read(utf8('k::v::w'))).toEqual({ key: utf8('k'), value: utf8('v::w') });
    expect(read(utf8('v'))).toEqual({ key: utf8('d'), value: utf8('v') });
    expect(read(utf8('::'))).toEqual({ key: utf8(''), value: utf8('') });
  });

  it('are tombstones when they are empty and that is asked for', () => {
    expect(plainReader(options({ emptyAsNull: true }))(utf8(''))).toEqual({ key: null, value: null });
    expect(plainReader(options({ emptyAsNull: true, keyDelimiter: utf8(':') }))(utf8('k:'))).toEqual({
      key: utf8('k'),
      value: null,
    });
  });

  it('are read by a format', () => {
    const { delimiter, read } = compileInputFormat('%p %T %k=%v;\\n', options({}));
    expect(fromUtf8(delimiter)).toBe(';\n');
    expect(read(utf8('2 1000 k=v=w'))).toEqual({
      key: utf8('k'),
      value: utf8('v=w'),
      headers: [],
      partition: 2,
      timestampMs: 1000,
    });
    expect(() => read(utf8('2 1000 k'))).toThrow(expect.objectContaining({ code: 'bad-data' }));
    expect(() => read(utf8('x 1000 k=v'))).toThrow(expect.objectContaining({ code: 'bad-data' }));
    for (const wrong of ['', 'a%v', '%k%v', '%z']) {
      expect(() => compileInputFormat(wrong, options({}))).toThrow(expect.objectContaining({ code: 'usage' }));
    }
  });

  it('take headers from the command line', () => {
    expect(readHeaders(['a=b=c', 'd=', 'e'])).toEqual([
      ['a', utf8('b=c')],
      ['d', utf8('')],
      ['e', null],
    ]);
  });
});

describe('JSON text', () => {
  it('is read as JSON.parse does, but for integers beyond 2^53', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const plain = JSON.parse(json) as unknown;
        const seen = JSON.stringify(parseJson(json), (_, value) =>
          typeof value === 'bigint' ? Number(value) : (value as unknown),
        );
        expect(JSON.parse(seen)).toEqual(JSON.parse(JSON.stringify(plain)));
      }),
    );
    expect(parseJson('{"a":[9007199254740993,-12345678901234567890],"s":"9007199254740993"}')).toEqual({
      a: [9007199254740993n, -12345678901234567890n],
      s: '9007199254740993',
    });
    expect(() => parseJson('{"a":12345678901234567890')).toThrow(SyntaxError);
  });
});
