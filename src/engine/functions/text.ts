import type { ScalarFunction } from './scalar-function.js';

const SURROGATE = /[\ud800-\udfff]/;

function charLength(text: string): number {
  return SURROGATE.test(text) ? [...text].length : text.length;
}

/** SQL's SUBSTRING: positions before the first character count, but hold nothing. */
function substring(text: string, from: number, length = Number.POSITIVE_INFINITY): string {
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
};
