import { StreamctlError } from '../../base/errors.js';
import { compileRegex } from '../../base/regex.js';
import type { Value } from '../../base/row-batch.js';
import { call, type Operand, type Typed } from '../typed.js';
import { type FunctionSpec, scalar, takes, withFlink } from './function-spec.js';

function badRegex([, pattern]: readonly (Value | undefined)[]): string | undefined {
  if (typeof pattern !== 'string') return undefined;
  try {
    compileRegex(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof StreamctlError) return error.message;
    throw error;
  }
}

/** Signatures of the functions with regular expressions. They take time linear in the length of the text, whatever the pattern. */
export const regexpSpecs: readonly FunctionSpec[] = [
  withFlink(
    scalar('REGEXP', 'REGEXP(text, pattern)', 'whether a part of the text fits', [2, 2], takes(['string'], 'boolean')),
    undefined,
    badRegex,
  ),
  withFlink(
    scalar(
      'REGEXP_EXTRACT',
      'REGEXP_EXTRACT(text, pattern[, group])',
      'the first part that fits, or a group of it; null when there is none',
      [2, 3],
      takes(['string', 'string', 'bigint'], 'string'),
    ),
    undefined,
    badRegex,
  ),
  withFlink(
    scalar(
      'REGEXP_REPLACE',
      'REGEXP_REPLACE(text, pattern, by)',
      'every part that fits replaced, by a text as it stands',
      [3, 3],
      takes(['string'], 'string'),
    ),
    undefined,
    badRegex,
  ),
];

/** Whether a part of the text fits. */
export function regexp(text: Operand<'string'>, pattern: Operand<'string'>): Typed<'boolean'> {
  return call('REGEXP', text, pattern);
}

/** The first part of a text that fits, or a group of it (from 1); null when there is none. */
export function regexpExtract(text: Operand<'string'>, pattern: Operand<'string'>, group = 0): Typed<'string'> {
  return call('REGEXP_EXTRACT', text, pattern, group);
}

/** Every part of a text that fits replaced. */
export function regexpReplace(
  text: Operand<'string'>,
  pattern: Operand<'string'>,
  by: Operand<'string'>,
): Typed<'string'> {
  return call('REGEXP_REPLACE', text, pattern, by);
}
