import { fromUtf8, utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { type InputRecord, indexOf, type PlainOptions, type RecordReader, readHeaders } from './input-records.js';
import { unescapeText } from './record-format.js';

const VERBS = 'kvsTph';
const HINT = 'fields: %k key, %v value, %T timestamp (ms), %p partition, %h headers (a=b,c=d), with text between';

/** A compiled `produce -f`: how records are told apart, and how one is read. */
export interface InputFormat {
  readonly delimiter: Uint8Array;
  readonly read: RecordReader;
}

interface Field {
  readonly verb: string;
  /** What ends the field; empty for the last one. */
  readonly until: Uint8Array;
}

/**
 * Compiles the input format of `produce -f`: `%k %v\n` reads a key, a space, a value and a line feed.
 * @throws `usage`
 */
export function compileInputFormat(format: string, options: PlainOptions): InputFormat {
  const pieces = format.split(/%(.)/s);
  const wrong = (detail: string): StreamctlError =>
    new StreamctlError('usage', `-f "${format}" is not a format`, { detail, hint: HINT });
  if (pieces[0] !== '') throw wrong('it begins with text instead of a field');
  const fields: Field[] = [];
  for (let at = 1; at < pieces.length; at += 2) {
    const verb = pieces[at]!;
    const until = unescapeText(pieces[at + 1]!);
    if (!VERBS.includes(verb)) throw wrong(`%${verb} is unknown`);
    if (until === '' && at + 2 < pieces.length) throw wrong(`nothing separates %${verb} from %${pieces[at + 2]}`);
    fields.push({ verb, until: utf8(until) });
  }
  const last = fields.at(-1);
  if (!last) throw wrong('it has no fields');
  const delimiter = last.until.length > 0 ? last.until : utf8('\n');
  return { delimiter, read: fieldReader(fields, options) };
}

function fieldReader(fields: readonly Field[], options: PlainOptions): RecordReader {
  return (bytes) => {
    let record: { -readonly [K in keyof InputRecord]: InputRecord[K] } = {
      key: options.key,
      value: null,
      headers: options.headers,
    };
    let from = 0;
    fields.forEach((field, index) => {
      const isLast = index === fields.length - 1;
      const to = isLast ? bytes.length : indexOf(bytes, field.until, from);
      if (to < 0) {
        throw new StreamctlError('bad-data', `no ${JSON.stringify(fromUtf8(field.until))} after %${field.verb}`);
      }
      record = { ...record, ...fieldValue(field.verb, bytes.subarray(from, to), options) };
      from = to + field.until.length;
    });
    return record;
  };
}

function fieldValue(verb: string, bytes: Uint8Array, options: PlainOptions): Partial<InputRecord> {
  const given = options.emptyAsNull && bytes.length === 0 ? null : bytes;
  if (verb === 'k') return { key: given };
  if (verb === 'v' || verb === 's') return { value: given };
  const text = fromUtf8(bytes).trim();
  if (verb === 'h') return { headers: [...options.headers, ...readHeaders(text === '' ? [] : text.split(','))] };
  if (!/^-?\d+$/.test(text)) throw new StreamctlError('bad-data', `%${verb}: "${text}" is not a whole number`);
  return verb === 'p' ? { partition: Number(text) } : { timestampMs: Number(text) };
}
