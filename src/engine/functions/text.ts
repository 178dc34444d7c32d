import { RowError } from '../row-error.js';
import type { ScalarFunction } from './scalar-function.js';

const SURROGATE = /[\ud800-\udfff]/;

function charLength(text: string): number {
  return SURROGATE.test(text) ? [...text].length : text.length;
}

/** SQL's SUBSTRING: positions before the first character count, but hold nothing. */
function substring(text: string, first: number | bigint, count: number | bigint = Number.POSITIVE_INFINITY): string {
  const [from, length] = [Number(first), Number(count)];
  const characters = SURROGATE.test(text) ? [...text] : text;
  // As in Flink: 0 is the first character, a negative position counts from the end.
  const start = from > 0 ? from - 1 : from === 0 ? 0 : characters.length + from;
  const end = start + length;
  if (length <= 0 || end <= 0) return '';
  const part = characters.slice(Math.max(0, start), end);
  return typeof part === 'string' ? part : part.join('');
}

function locate(part: string, text: string): number {
  const at = text.indexOf(part);
  return at < 0 ? 0 : charLength(text.slice(0, at)) + 1;
}

/** Bound of the text that a function may make, characters. */
const MAX_TEXT = 1_000_000;

function bounded(length: number): number {
  if (length > MAX_TEXT) throw new RowError('a text would be too long');
  return length;
}

function filling(text: string, length: number | bigint, fill: string): { kept: string; fill: string } | null {
  const wanted = bounded(Number(length));
  if (wanted < 0 || fill === '') return null;
  const characters = [...text];
  const missing = wanted - characters.length;
  if (missing <= 0) return { kept: characters.slice(0, wanted).join(''), fill: '' };
  const parts = [...fill];
  return { kept: text, fill: Array.from({ length: missing }, (_, at) => parts[at % parts.length]!).join('') };
}

function lpad(text: string, length: number | bigint, fill: string): string | null {
  const made = filling(text, length, fill);
  return made === null ? null : made.fill + made.kept;
}

function rpad(text: string, length: number | bigint, fill: string): string | null {
  const made = filling(text, length, fill);
  return made === null ? null : made.kept + made.fill;
}

/** As in Flink: an empty separator and a negative place give nothing. */
function splitIndex(text: string, separator: string, place: number | bigint): string | null {
  const at = Number(place);
  if (at < 0 || separator === '' || text === '') return null;
  return text.split(separator)[at] ?? null;
}

function right(text: string, length: number | bigint): string {
  const characters = [...text];
  return characters.slice(Math.max(0, characters.length - Math.max(0, Number(length)))).join('');
}

/** Letters and digits make words. */
function initCap(text: string): string {
  return text.replaceAll(/[A-Za-z0-9]+/g, (word) => word[0]!.toUpperCase() + word.slice(1).toLowerCase());
}

/** Behaviour of the functions on text. */
export const textFunctions: Readonly<Record<string, ScalarFunction>> = {
  '||': (a: string, b: string) => a + b,
  CONCAT: (...parts: string[]) => parts.join(''),
  UPPER: (text: string) => text.toUpperCase(),
  LOWER: (text: string) => text.toLowerCase(),
  TRIM: (text: string) => text.trim(),
  LTRIM: (text: string) => text.trimStart(),
  RTRIM: (text: string) => text.trimEnd(),
  CHAR_LENGTH: charLength,
  SUBSTRING: substring,
  LOCATE: locate,
  REPLACE: (text: string, part: string, by: string) => (part === '' ? text : text.replaceAll(part, () => by)),
  STARTSWITH: (text: string, part: string) => text.startsWith(part),
  ENDSWITH: (text: string, part: string) => text.endsWith(part),
  SPLIT_INDEX: splitIndex,
  LPAD: lpad,
  RPAD: rpad,
  LEFT: (text: string, length: number | bigint) => [...text].slice(0, Math.max(0, Number(length))).join(''),
  RIGHT: right,
  REPEAT: (text: string, times: number | bigint) => {
    const count = Math.max(0, Number(times));
    bounded(text.length * count);
    return text === '' ? '' : text.repeat(count);
  },
  REVERSE: (text: string) => [...text].reverse().join(''),
  INITCAP: initCap,
};
