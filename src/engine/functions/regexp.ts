import { StreamctlError } from '../../base/errors.js';
import { compileRegex, type Regex } from '../../base/regex.js';
import type { Value } from '../../base/row-batch.js';
import { RowError } from '../row-error.js';
import type { ScalarFunction } from './scalar-function.js';

/** Bound of the patterns that are remembered. */
const MAX_PATTERNS = 100;
const known = new Map<string, Regex>();

function regexOf(pattern: string): Regex {
  const found = known.get(pattern);
  if (found) return found;
  try {
    const made = compileRegex(pattern);
    if (known.size >= MAX_PATTERNS) known.clear();
    known.set(pattern, made);
    return made;
  } catch (error) {
    if (error instanceof StreamctlError) throw new RowError('a regular expression is not understood');
    throw error;
  }
}

function extract(text: string, pattern: string, group: number | bigint = 0): Value {
  const regex = regexOf(pattern);
  const at = Number(group);
  if (at < 0 || at > regex.groups) return null;
  const characters = [...text];
  const match = regex.search(characters, 0);
  const [start, end] = [match?.[2 * at] ?? -1, match?.[2 * at + 1] ?? -1];
  return start < 0 || end < 0 ? null : characters.slice(start, end).join('');
}

function replace(text: string, pattern: string, by: string): Value {
  const regex = regexOf(pattern);
  const characters = [...text];
  let result = '';
  let at = 0;
  while (at <= characters.length) {
    const match = regex.search(characters, at);
    if (!match) break;
    const [start, end] = match as [number, number];
    result += characters.slice(at, start).join('') + by;
    at = end;
    // Behind a match of nothing one character is passed over.
    if (start === end) result += characters[at++] ?? '';
  }
  return result + characters.slice(at).join('');
}

/** Behaviour of the functions with regular expressions. */
export const regexpFunctions: Readonly<Record<string, ScalarFunction>> = {
  REGEXP: (text: string, pattern: string) => regexOf(pattern).found(text),
  REGEXP_EXTRACT: extract,
  REGEXP_REPLACE: replace,
};
