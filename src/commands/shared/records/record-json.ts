import { fromUtf8 } from '../../../base/bytes.js';
import { skipSpace, skipValue } from '../../../connect/codecs/json-scanner.js';
import { firstMalformedUtf8 } from '../../../connect/codecs/utf8-check.js';
import { stringifyJson } from '../../../ui/output/json.js';
import type { RecordCursor } from '../../../wire/record-cursor.js';
import { ByteWriter } from '../frame/byte-writer.js';
import { parseJson } from '../frame/json-text.js';
import type { ColumnsWriter } from './plain-consume.js';
import { base64, type RecordPlace, type RecordWriter, textOf } from './record-format.js';

/** First bytes of JSON objects and arrays, which `--json` embeds as they are. */
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/**
 * One record as a line of JSON that `produce -J` reads back without loss: key and value are text, or base64 with
 * `keyEncoding` or `valueEncoding` beside them where they are not UTF-8.
 */
export const writeEnvelope: RecordWriter = (out, cursor, place) => {
  out.text(`{${placeText(cursor, place)},${member('key', cursor.key())},${member('value', cursor.value())}}\n`);
};

/** One record of `--json`: the same with `type`, and with the value as JSON where it is an object or an array. */
export const writeTypedRecord: RecordWriter = (out, cursor, place) => {
  const value = cursor.value();
  const head = `{"type":"record",${placeText(cursor, place)},${member('key', cursor.key())},`;
  if (value === null || !isEmbeddable(value)) {
    out.text(`${head}${member('value', value)}}\n`);
    return;
  }
  out.text(`${head}"value":`);
  out.bytes(value);
  out.text('}\n');
};

/** The same with the given JSON text as its value: some columns of the record. */
export const writeTypedColumns: ColumnsWriter = (out, columns, cursor, place) => {
  out.text(`{"type":"record",${placeText(cursor, place)},${member('key', cursor.key())},"value":`);
  out.bytes(columns);
  out.text('}\n');
};

/** Only the given JSON text, a line each. */
export const writeColumnsLine: ColumnsWriter = (out, columns) => {
  out.bytes(columns);
  out.byte(LINE_FEED);
};

/** The values of the given JSON text with tabs between; tabs and line feeds in them are written `\\t` and `\\n`. */
export const writeColumnsTsv: ColumnsWriter = (out, columns) => {
  const row = parseJson(fromUtf8(columns)) as Readonly<Record<string, unknown>>;
  out.text(`${Object.values(row).map(tsvText).join('\t')}\n`);
};

function tsvText(value: unknown): string {
  const text = value === null ? '' : typeof value === 'object' ? stringifyJson(value) : String(value);
  return text.replace(/[\\\t\n\r]/g, (found) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[found]!);
}

function placeText(cursor: RecordCursor, place: RecordPlace): string {
  const headers = cursor.hasHeaders ? headersText(cursor) : '[]';
  return `"topic":${JSON.stringify(place.topic)},"partition":${place.partition},"offset":${cursor.offset},"timestamp":${cursor.timestampMs},"headers":${headers}`;
}

function headersText(cursor: RecordCursor): string {
  const items = cursor.headers().map((header) => {
    return `{"key":${JSON.stringify(header.key)},${member('value', header.value)}}`;
  });
  return `[${items.join(',')}]`;
}

function member(name: string, bytes: Uint8Array | null): string {
  if (bytes === null) return `"${name}":null`;
  const text = textOf(bytes);
  return text === undefined
    ? `"${name}":"${base64(bytes)}","${name}Encoding":"base64"`
    : `"${name}":${JSON.stringify(text)}`;
}

/** Whether the bytes are a JSON object or array on one line, in UTF-8: they stand in the output as they are. */
function isEmbeddable(bytes: Uint8Array): boolean {
  if (bytes[0] !== OPEN_BRACE && bytes[0] !== OPEN_BRACKET) return false;
  const end = skipValue(bytes, 0);
  if (end < 0 || skipSpace(bytes, end) !== bytes.length) return false;
  return !bytes.includes(LINE_FEED) && !bytes.includes(RETURN) && firstMalformedUtf8(bytes, 0, bytes.length) < 0;
}

/** Writes like `write` and shows each record to `compare` as {@link writeTypedRecord} puts it. */
export function comparingWriter(write: RecordWriter, compare: (record: unknown) => void): RecordWriter {
  let text = '';
  const copy = new ByteWriter({
    write: (chunk) => {
      text += typeof chunk === 'string' ? chunk : fromUtf8(chunk);
    },
  });
  return (out, cursor, place, index) => {
    text = '';
    writeTypedRecord(copy, cursor, place, index);
    copy.flush();
    compare(parseJson(text));
    write(out, cursor, place, index);
  };
}
