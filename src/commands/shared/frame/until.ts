import { StreamctlError } from '../../../base/errors.js';
import { parseDuration } from '../../../base/time.js';
import { didYouMean } from '../../../plan/did-you-mean.js';
import { parseTime } from './time-text.js';

/** One `--until`. `text` is as it was written. */
export type Condition = { readonly text: string } & (
  | { readonly kind: 'eof' }
  | { readonly kind: 'count' | 'windows' | 'lag'; readonly bound: number }
  | { readonly kind: 'idle' | 'duration'; readonly ms: number }
  | { readonly kind: 'watermark'; readonly timeMs: number }
  | { readonly kind: 'expr'; readonly expression: string }
);

const NAMES = ['eof', 'count', 'idle', 'duration', 'lag', 'windows', 'watermark', 'expr'];
const HINT = 'one of eof, count=N, idle=D, duration=D, lag=N, windows=N, watermark>=T, expr=EXPR';

/**
 * Reads one `--until`.
 * @param nowMs what `@-1h` in a watermark is relative to.
 * @throws `usage`
 */
export function parseCondition(text: string, nowMs: number): Condition {
  const match = /^\s*([a-z-]+)\s*(?:(>=|=)\s*([\s\S]*))?$/i.exec(text);
  const name = match?.[1]?.toLowerCase() ?? text;
  const operator = match?.[2];
  const value = match?.[3]?.trim() ?? '';
  const wrong = (detail: string): StreamctlError =>
    new StreamctlError('usage', `--until "${text}" is not a condition`, { detail, hint: HINT });
  if (!NAMES.includes(name)) {
    const near = didYouMean(name, NAMES);
    throw wrong(near ? `"${name}" is unknown, did you mean ${near}?` : `"${name}" is unknown`);
  }
  if (name === 'eof') {
    if (operator) throw wrong('eof takes no value');
    return { text, kind: 'eof' };
  }
  if (!operator || value === '') throw wrong(`${name} needs a value`);
  if ((name === 'watermark') !== (operator === '>=')) {
    throw wrong(name === 'watermark' ? 'a watermark is compared with >=' : `${name} is compared with =`);
  }
  switch (name) {
    case 'count':
    case 'windows':
    case 'lag': {
      if (!/^\d+$/.test(value)) throw wrong(`"${value}" is not a whole number`);
      const bound = Number(value);
      if (bound === 0 && name !== 'lag') throw wrong(`${name} must be at least 1`);
      return { text, kind: name, bound };
    }
    case 'idle':
    case 'duration':
      return { text, kind: name, ms: parseDuration(value) };
    case 'watermark':
      return { text, kind: name, timeMs: parseTime(value, nowMs) };
    default:
      return { text, kind: 'expr', expression: value };
  }
}
