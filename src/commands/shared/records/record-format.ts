import { utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { RecordCursor, RecordHeader } from '../../../wire/record-cursor.js';
import type { ByteWriter } from '../frame/byte-writer.js';

/** Where a record stands, beside what the cursor knows. */
export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
}

/** Writes the record that the cursor stands on. `index` counts from 0. */
export type RecordWriter = (out: ByteWriter, cursor: RecordCursor, place: RecordPlace, index: number) => void;

/** How the bytes of a key, value or header are written. */
type Encoding = 'plain' | 'hex' | 'base64' | 'json';
const ENCODINGS: readonly string[] = ['plain', 'hex', 'base64', 'json'];
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', '\\': '\\' };
const HINT =
  'verbs: %t topic, %p partition, %o offset, %T timestamp, %d{iso}, %k key, %v value, %K %V their sizes, %h headers, %H their number, %e leader epoch, %i index, %%';

/**
 * Compiles a format of `-f`, in the verbs of kcat and rpk: `%t %p %o %T %k %v %s (as %v) %K %V %S %h %H %e %i %%`,
 * with `{hex}`, `{base64}`, `{json}` after %k and %v, `%d{iso}` for a date, `%h{%k=%v,}` per header, and the escapes
 * `\n \t \r \0 \\ \xNN`.
 * @throws `usage`
 */
export function compileFormat(format: string): RecordWriter {
  const parts: RecordWriter[] = [];
  let literal = '';
  const flush = (): void => {
    if (literal === '') return;
    const bytes = utf8(literal);
    parts.push(bytes.length === 1 ? (out) => out.byte(bytes[0]!) : (out) => out.bytes(bytes));
    literal = '';
  };
  for (let at = 0; at < format.length; ) {
    const piece = nextPiece(format, at);
    at = piece.end;
    if (piece.kind === 'text') {
      literal += piece.text;
    } else {
      flush();
      parts.push(verbWriter(piece.verb, piece.modifier));
    }
  }
  flush();
  return sequence(parts);
}

function sequence(parts: readonly RecordWriter[]): RecordWriter {
  const [first, second, third] = parts;
  if (parts.length === 1) return first!;
  if (parts.length === 2) {
    return (out, cursor, place, index) => {
      first!(out, cursor, place, index);
      second!(out, cursor, place, index);
    };
  }
  if (parts.length === 0 || !third) return () => undefined;
  return (out, cursor, place, index) => {
    for (const part of parts) part(out, cursor, place, index);
  };
}

type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly end: number }
  | { readonly kind: 'verb'; readonly verb: string; readonly modifier: string | undefined; readonly end: number };

function nextPiece(format: string, at: number): Piece {
  const character = format[at]!;
  if (character === '\\') return escapePiece(format, at);
  if (character !== '%') return { kind: 'text', text: character, end: at + 1 };
  const verb = format[at + 1];
  if (verb === undefined) throw wrong(format, 'it ends in a lone %');
  if (verb === '%') return { kind: 'text', text: '%', end: at + 2 };
  if (format[at + 2] !== '{') return { kind: 'verb', verb, modifier: undefined, end: at + 2 };
  const close = format.indexOf('}', at + 3);
  if (close < 0) throw wrong(format, `%${verb}{ is not closed`);
  return { kind: 'verb', verb, modifier: format.slice(at + 3, close), end: close + 1 };
}

function escapePiece(format: string, at: number): Piece {
  const next = format[at + 1] ?? '';
  if (next === 'x' && /^[0-9a-f]{2}$/i.test(format.slice(at + 2, at + 4))) {
    const text = String.fromCharCode(Number.parseInt(format.slice(at + 2, at + 4), 16));
    return { kind: 'text', text, end: at + 4 };
  }
  const text = ESCAPES[next];
  if (text === undefined) throw wrong(format, `\\${next} is unknown`);
  return { kind: 'text', text, end: at + 2 };
}

function wrong(format: string, detail: string): StreamctlError {
  return new StreamctlError('usage', `-f "${format}" is not a format`, { detail, hint: HINT });
}

function verbWriter(verb: string, modifier: string | undefined): RecordWriter {
  const plain = PLAIN_VERBS[verb];
  if (plain && modifier === undefined) return plain;
  switch (verb) {
    case 'k':
      return bytesWriter('key', encodingOf(verb, modifier));
    case 'v':
    case 's':
      return bytesWriter('value', encodingOf(verb, modifier));
    case 'd':
      return dateWriter(modifier);
    case 'h':
      return headersWriter(modifier);
  }
  throw wrong(`%${verb}${modifier === undefined ? '' : `{${modifier}}`}`, `%${verb} is unknown`);
}

const PLAIN_VERBS: Readonly<Record<string, RecordWriter>> = {
  t: (out, _, place) => out.text(place.topic),
  p: (out, _, place) => out.text(String(place.partition)),
  o: (out, cursor) => out.text(String(cursor.offset)),
  T: (out, cursor) => out.text(String(cursor.timestampMs)),
  K: (out, cursor) => out.text(String(cursor.keyStart < 0 ? -1 : cursor.keyEnd - cursor.keyStart)),
  V: (out, cursor) => out.text(String(valueSize(cursor))),
  S: (out, cursor) => out.text(String(valueSize(cursor))),
  H: (out, cursor) => out.text(String(cursor.headers().length)),
  e: (out, _, place) => out.text(String(place.leaderEpoch)),
  i: (out, _cursor, _place, index) => out.text(String(index + 1)),
};

function valueSize(cursor: RecordCursor): number {
  return cursor.valueStart < 0 ? -1 : cursor.valueEnd - cursor.valueStart;
}

function encodingOf(verb: string, modifier: string | undefined): Encoding {
  if (modifier === undefined) return 'plain';
  if (!ENCODINGS.includes(modifier))
    throw wrong(`%${verb}{${modifier}}`, `{${modifier}} is none of ${ENCODINGS.join(', ')}`);
  return modifier as Encoding;
}

function bytesWriter(part: 'key' | 'value', encoding: Encoding): RecordWriter {
  if (encoding === 'plain' && part === 'value') {
    return (out, cursor) => {
      if (cursor.valueStart >= 0) out.bytes(cursor.bytes, cursor.valueStart, cursor.valueEnd);
    };
  }
  return (out, cursor) => writeEncoded(out, part === 'key' ? cursor.key() : cursor.value(), encoding);
}

function writeEncoded(out: ByteWriter, bytes: Uint8Array | null, encoding: Encoding): void {
  if (encoding === 'json') out.text(jsonOfBytes(bytes));
  else if (bytes === null) return;
  else if (encoding === 'plain') out.bytes(bytes);
  else out.text(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding));
}

function dateWriter(modifier: string | undefined): RecordWriter {
  if (modifier === undefined || modifier === 'iso') {
    return (out, cursor) => out.text(isoTime(cursor.timestampMs));
  }
  if (modifier === 'ms') return (out, cursor) => out.text(String(cursor.timestampMs));
  if (modifier === 's') return (out, cursor) => out.text(String(Math.floor(cursor.timestampMs / 1000)));
  throw wrong(`%d{${modifier}}`, `{${modifier}} is none of iso, ms, s`);
}

/** A record's time as ISO 8601, or its number where that is no date. */
export function isoTime(timestampMs: number): string {
  const date = new Date(timestampMs);
  return Number.isNaN(date.getTime()) ? String(timestampMs) : date.toISOString();
}

/** `%h` writes `name=value` pairs with commas between; `%h{...}` writes its text per header, `%k` and `%v` in it. */
function headersWriter(modifier: string | undefined): RecordWriter {
  const pieces: Piece[] = [];
  const format = modifier ?? '%k=%v';
  for (let at = 0; at < format.length; at = pieces.at(-1)!.end) pieces.push(nextPiece(format, at));
  for (const piece of pieces) {
    if (piece.kind === 'verb' && piece.verb !== 'k' && piece.verb !== 'v')
      throw wrong(`%h{${format}}`, 'only %k and %v stand inside %h{}');
  }
  return (out, cursor) => {
    cursor.headers().forEach((header, index) => {
      if (modifier === undefined && index > 0) out.byte(0x2c);
      for (const piece of pieces) writeHeaderPiece(out, header, piece);
    });
  };
}

function writeHeaderPiece(out: ByteWriter, header: RecordHeader, piece: Piece): void {
  if (piece.kind === 'text') out.text(piece.text);
  else if (piece.verb === 'k') out.text(header.key);
  else if (header.value) out.bytes(header.value);
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of `bytes`, undefined when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes as a JSON string (base64 where they are not UTF-8), null as `null`. */
export function jsonOfBytes(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  const text = textOf(bytes);
  return text === undefined ? `"${base64(bytes)}"` : JSON.stringify(text);
}

/** @see RFC 4648 section 4 */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Replaces the escapes `\n \t \r \0 \\ \xNN`. @throws `usage` for any other escape */
export function unescapeText(text: string): string {
  let plain = '';
  for (let at = 0; at < text.length; ) {
    const piece = text[at] === '\\' ? escapePiece(text, at) : undefined;
    plain += piece?.kind === 'text' ? piece.text : text[at]!;
    at = piece?.end ?? at + 1;
  }
  return plain;
}
