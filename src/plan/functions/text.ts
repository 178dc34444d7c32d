import { call, type Operand, type Typed } from '../typed.js';
import { fits, scalar, takes, withFlink } from './function-spec.js';

const textToText = takes(['string'], 'string');
const one = [1, 1] as const;

/** Signatures of the functions on text; null when an argument is null. Characters are Unicode code points. */
export const textSpecs = [
  scalar('||', 'text || text', 'both texts together', [2, 2], textToText),
  scalar('CONCAT', 'CONCAT(text, ...)', 'all texts together', [1, 100], textToText),
  scalar('UPPER', 'UPPER(text)', 'in capitals', one, textToText),
  scalar('LOWER', 'LOWER(text)', 'in small letters', one, textToText),
  scalar('TRIM', 'TRIM(text)', 'without white space at both ends', one, textToText),
  scalar('LTRIM', 'LTRIM(text)', 'without white space at the start', one, textToText),
  scalar('RTRIM', 'RTRIM(text)', 'without white space at the end', one, textToText),
  scalar('CHAR_LENGTH', 'CHAR_LENGTH(text)', 'number of characters', one, takes(['string'], 'bigint'), [
    'LENGTH',
    'CHARACTER_LENGTH',
  ]),
  scalar(
    'SUBSTRING',
    'SUBSTRING(text, from[, length])',
    'part of a text; the first character is 1',
    [2, 3],
    (types) => (fits(types[0]!, 'string') && types.slice(1).every((type) => fits(type, 'bigint')) ? 'string' : null),
    ['SUBSTR'],
  ),
  scalar(
    'LOCATE',
    'LOCATE(part, text)',
    'where a part begins, 0 when it is not in the text',
    [2, 2],
    takes(['string'], 'bigint'),
  ),
  scalar('REPLACE', 'REPLACE(text, part, by)', 'every part replaced', [3, 3], textToText),
  scalar('STARTSWITH', 'STARTSWITH(text, part)', 'whether it begins so', [2, 2], takes(['string'], 'boolean')),
  scalar('ENDSWITH', 'ENDSWITH(text, part)', 'whether it ends so', [2, 2], takes(['string'], 'boolean')),
  withFlink(
    scalar(
      'SPLIT_INDEX',
      'SPLIT_INDEX(text, separator, place)',
      'a part of a text that is cut at a separator; the first is 0; null when there is none',
      [3, 3],
      takes(['string', 'string', 'bigint'], 'string'),
    ),
    ([text, separator, place]) => `SPLIT_INDEX(${text}, ${separator}, CAST(${place} AS INT))`,
  ),
  ...['LPAD', 'RPAD'].map((name) =>
    withFlink(
      scalar(
        name,
        `${name}(text, length, fill)`,
        `as long as that: filled on the ${name === 'LPAD' ? 'left' : 'right'}, or cut; null for a negative length`,
        [3, 3],
        takes(['string', 'bigint', 'string'], 'string'),
      ),
      ([text, length, fill]) => `${name}(${text}, CAST(${length} AS INT), ${fill})`,
    ),
  ),
  ...['LEFT', 'RIGHT'].map((name) =>
    withFlink(
      scalar(
        name,
        `${name}(text, length)`,
        `so many characters of the ${name === 'LEFT' ? 'beginning' : 'end'}`,
        [2, 2],
        takes(['string', 'bigint'], 'string'),
      ),
      ([text, length]) => `${name}(${text}, CAST(${length} AS INT))`,
    ),
  ),
  withFlink(
    scalar('REPEAT', 'REPEAT(text, times)', 'a text so often', [2, 2], takes(['string', 'bigint'], 'string')),
    ([text, times]) => `REPEAT(${text}, CAST(${times} AS INT))`,
  ),
  withFlink(scalar('REVERSE', 'REVERSE(text)', 'from the end to the beginning', one, textToText)),
  withFlink(scalar('INITCAP', 'INITCAP(text)', 'each word with one capital', one, textToText)),
];

/** `a || b || ...`. */
export function concat(...parts: Operand<'string'>[]): Typed<'string'> {
  return call('CONCAT', ...parts);
}

/** In capitals. */
export function upper(a: Typed<'string'>): Typed<'string'> {
  return call('UPPER', a);
}

/** In small letters. */
export function lower(a: Typed<'string'>): Typed<'string'> {
  return call('LOWER', a);
}

/** Without white space at both ends. */
export function trim(a: Typed<'string'>): Typed<'string'> {
  return call('TRIM', a);
}

/** Number of characters (code points). */
export function charLength(a: Typed<'string'>): Typed<'bigint'> {
  return call('CHAR_LENGTH', a);
}

/** `length` characters from position `from` (the first is 1), or all from there. */
export function substring(a: Typed<'string'>, from: Operand<'bigint'>, length?: Operand<'bigint'>): Typed<'string'> {
  return length === undefined ? call('SUBSTRING', a, from) : call('SUBSTRING', a, from, length);
}

/** Every `part` of `a` replaced by `by`. */
export function replace(a: Typed<'string'>, part: Operand<'string'>, by: Operand<'string'>): Typed<'string'> {
  return call('REPLACE', a, part, by);
}

/** Where `part` begins in `a`, from 1; 0 when it is not in it. */
export function locate(part: Operand<'string'>, a: Operand<'string'>): Typed<'bigint'> {
  return call('LOCATE', part, a);
}
