import { concatBytes, fromUtf8, utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { HeaderPairs } from '../../../connect/kafka/interfaces.js';
import { parseJson } from '../frame/json-text.js';

/** One record as it will be sent. */
export interface InputRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: HeaderPairs;
  readonly partition?: number;
  /** Epoch ms; absent means now. */
  readonly timestampMs?: number;
}

/** Makes a record of the bytes between two delimiters. @throws `bad-data` */
export type RecordReader = (bytes: Uint8Array) => InputRecord;

/** Bound of one record of the input; brokers take far less. */
const MAX_RECORD_BYTES = 256 * 1024 * 1024;

/**
 * Cuts a byte stream at `delimiter`; an empty one makes the whole input one record. What follows the last delimiter
 * is a record unless it is empty. The views hold until the next one is asked for.
 * @throws `limit-exceeded` for a record without end.
 */
export async function* splitRecords(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: Uint8Array,
): AsyncGenerator<Uint8Array[], void> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    if (delimiter.length === 0) {
      rest.push(chunk);
      restBytes += chunk.length;
      checkSize(restBytes);
      continue;
    }
    const bytes = restBytes === 0 ? chunk : concatBytes([...rest, chunk]);
    const found: Uint8Array[] = [];
    // A delimiter of several bytes may have begun in the former chunk.
    const from = cut(bytes, delimiter, Math.max(0, restBytes - delimiter.length + 1), found);
    rest = from < bytes.length ? [bytes.subarray(from)] : [];
    restBytes = bytes.length - from;
    checkSize(restBytes);
    if (found.length > 0) yield found;
  }
  if (restBytes > 0) yield [concatBytes(rest)];
}

function checkSize(bytes: number): void {
  if (bytes > MAX_RECORD_BYTES) {
    throw new StreamctlError('limit-exceeded', `a record of the input is longer than ${MAX_RECORD_BYTES} bytes`, {
      hint: 'is the delimiter right? -D sets it',
    });
  }
}

/** Adds the pieces of `bytes` that end in `delimiter` to `found`; gives where the last one ended. */
function cut(bytes: Uint8Array, delimiter: Uint8Array, searchFrom: number, found: Uint8Array[]): number {
  let from = 0;
  for (let at = indexOf(bytes, delimiter, searchFrom); at >= 0; at = indexOf(bytes, delimiter, from)) {
    found.push(bytes.subarray(from, at));
    from = at + delimiter.length;
  }
  return from;
}

/** Where `wanted` begins in `bytes` at or after `from`; -1 when it does not. */
export function indexOf(bytes: Uint8Array, wanted: Uint8Array, from = 0): number {
  const first = wanted[0]!;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let matched = 1;
    while (matched < wanted.length && bytes[at + matched] === wanted[matched]) matched++;
    if (matched === wanted.length) return at;
  }
  return -1;
}

export interface PlainOptions {
  /** Key of every record. */
  readonly key: Uint8Array | null;
  /** Between key and value, empty for none. */
  readonly keyDelimiter: Uint8Array;
  /** Empty keys and values are null. */
  readonly emptyAsNull: boolean;
  readonly headers: HeaderPairs;
}

/** Reads `value`, or `key<delimiter>value`. */
export function plainReader(options: PlainOptions): RecordReader {
  const { key, keyDelimiter, headers } = options;
  const given = (bytes: Uint8Array): Uint8Array | null => (options.emptyAsNull && bytes.length === 0 ? null : bytes);
  const more = headers.length > 0 ? { headers } : {};
  if (keyDelimiter.length === 0) return (bytes) => ({ key, value: given(bytes), ...more });
  return (bytes) => {
    const at = indexOf(bytes, keyDelimiter);
    if (at < 0) return { key, value: given(bytes), ...more };
    return { key: given(bytes.subarray(0, at)), value: given(bytes.subarray(at + keyDelimiter.length)), ...more };
  };
}

/**
 * Reads one line of JSON as `consume -J` writes it (kcat's `payload` is understood too).
 * @throws `bad-data`
 */
export const envelopeReader: RecordReader = (bytes) => {
  let line: unknown;
  try {
    line = parseJson(fromUtf8(bytes));
  } catch (cause) {
    throw new StreamctlError('bad-data', 'not JSON', { detail: (cause as Error).message, cause });
  }
  if (typeof line !== 'object' || line === null || Array.isArray(line)) {
    throw new StreamctlError('bad-data', 'not a record as consume -J writes it');
  }
  const record = line as Readonly<Record<string, unknown>>;
  const valueName = !('value' in record) && 'payload' in record ? 'payload' : 'value';
  const partition = record.partition;
  const timestamp = record.timestamp;
  return {
    key: bytesOf(record, 'key'),
    value: bytesOf(record, valueName),
    headers: headersOf(record.headers),
    ...(typeof partition === 'number' ? { partition } : {}),
    ...(typeof timestamp === 'number' ? { timestampMs: timestamp } : {}),
  };
};

function bytesOf(record: Readonly<Record<string, unknown>>, name: string): Uint8Array | null {
  const text = record[name];
  if (text === null || text === undefined) return null;
  if (typeof text !== 'string') {
    throw new StreamctlError('bad-data', `${name} must be text or null`, {
      hint: 'consume -J writes what produce -J reads; --json is for reading by eye and jq',
    });
  }
  const encoding = record[`${name}Encoding`];
  if (encoding === undefined) return utf8(text);
  if (encoding === 'base64') return Buffer.from(text, 'base64');
  throw new StreamctlError('bad-data', `${name}Encoding "${String(encoding)}" is unknown`, {
    hint: 'it is base64 or absent',
  });
}

function headersOf(value: unknown): HeaderPairs {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new StreamctlError('bad-data', 'headers must be a list');
  // kcat writes names and values in turn.
  if (value.every((item) => typeof item === 'string' || item === null)) return pairs(value as (string | null)[]);
  return value.map((item) => {
    const header = item as Readonly<Record<string, unknown>> | null;
    if (typeof header !== 'object' || typeof header?.key !== 'string') {
      throw new StreamctlError('bad-data', 'a header must have a key');
    }
    return [header.key, bytesOf(header, 'value')] as const;
  });
}

function pairs(items: readonly (string | null)[]): HeaderPairs {
  const found: [string, Uint8Array | null][] = [];
  for (let at = 0; at + 1 < items.length; at += 2) {
    const value = items[at + 1];
    found.push([items[at] ?? '', value === null || value === undefined ? null : utf8(value)]);
  }
  return found;
}

/**
 * Reads `-H name=value` texts; `name` alone is a header without value.
 */
export function readHeaders(texts: readonly string[]): HeaderPairs {
  return texts.map((text) => {
    const at = text.indexOf('=');
    return at < 0 ? ([text, null] as const) : ([text.slice(0, at), utf8(text.slice(at + 1))] as const);
  });
}
