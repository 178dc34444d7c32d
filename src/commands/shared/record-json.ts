import type { RecordCursor } from '../../wire/record-cursor.js';
import { base64, type RecordPlace, type RecordWriter, textOf } from './record-format.js';

/** First bytes of JSON objects and arrays, which `--json` embeds as they are. */
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

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
  const json = value === null ? undefined : embeddable(value);
  const written = json === undefined ? member('value', value) : `"value":${json}`;
  out.text(`{"type":"record",${placeText(cursor, place)},${member('key', cursor.key())},${written}}\n`);
};

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

/** The text of a JSON object or array on one line, all digits kept; undefined for anything else. */
function embeddable(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== OPEN_BRACE && bytes[0] !== OPEN_BRACKET) return undefined;
  const text = textOf(bytes);
  if (text === undefined) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  // Inside strings line feeds are escaped, so these stand between tokens.
  return text.replace(/[\r\n]+/g, ' ');
}
