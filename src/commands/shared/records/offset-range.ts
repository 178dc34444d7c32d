import { StreamctlError } from '../../../base/errors.js';
import { parseTime } from '../frame/time-text.js';

/** A place in a partition. */
export type Position =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** So many records after the start, or before the end where negative. */
  | { readonly kind: 'relative'; readonly count: number }
  /** The first record whose timestamp is not before. */
  | { readonly kind: 'time'; readonly timeMs: number };

/** What `-o` asks for: from a place, up to another one (exclusive) or without end. */
export interface OffsetRange {
  readonly from: Position;
  readonly to: Position | undefined;
}

const WORDS: Readonly<Record<string, Position>> = {
  start: { kind: 'start' },
  beginning: { kind: 'start' },
  earliest: { kind: 'start' },
  oldest: { kind: 'start' },
  end: { kind: 'end' },
  latest: { kind: 'end' },
  newest: { kind: 'end' },
};

/**
 * Reads `-o` as rpk writes it: `start`, `end`, `42`, `+10` (after the start), `-10` (before the end), `10:20`, `:end`,
 * `@-1h`, `@2022-02-14T10:00Z:2022-02-14T11:00Z`, `@t:end`.
 * @param nowMs what relative times are counted from.
 * @throws `usage`
 */
export function parseOffsetRange(text: string, nowMs: number): OffsetRange {
  const written = text.trim();
  const range = written.startsWith('@') ? timeRange(written.slice(1), nowMs) : plainRange(written);
  if (range) return range;
  throw new StreamctlError('usage', `-o "${text}" is not an offset`, {
    hint: 'write start, end, 42, +10, -10, 10:20, @-1h or @2022-02-14T10:00Z:2022-02-14T11:00Z',
  });
}

function plainRange(text: string): OffsetRange | undefined {
  const at = text.indexOf(':');
  if (at < 0) {
    const from = position(text);
    return from && { from, to: undefined };
  }
  const from = at === 0 ? WORDS.start : position(text.slice(0, at));
  const to = at === text.length - 1 ? 'open' : position(text.slice(at + 1));
  return from && to && { from, to: to === 'open' ? undefined : to };
}

function position(text: string): Position | undefined {
  const word = WORDS[text.toLowerCase()];
  if (word) return word;
  if (!/^[+-]?\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return /^[+-]/.test(text) ? { kind: 'relative', count: value } : { kind: 'offset', offset: value };
}

/** Times hold colons themselves: the first one that has a time (or nothing) on both sides separates. */
function timeRange(text: string, nowMs: number): OffsetRange | undefined {
  const whole = timePosition(text, nowMs);
  if (whole) return { from: whole, to: undefined };
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    const from = at === 0 ? WORDS.start : timePosition(text.slice(0, at), nowMs);
    const rest = text.slice(at + 1);
    const to = rest === '' ? 'open' : timePosition(rest, nowMs);
    if (from && to) return { from, to: to === 'open' ? undefined : to };
  }
  return undefined;
}

function timePosition(text: string, nowMs: number): Position | undefined {
  const word = WORDS[text.toLowerCase()];
  if (word) return word;
  try {
    return { kind: 'time', timeMs: parseTime(text, nowMs) };
  } catch {
    return undefined;
  }
}
