import { formatDuration, parseDuration } from '../base/time.js';

const UNITS: Readonly<Record<string, string>> = {
  millisecond: 'ms',
  second: 's',
  minute: 'm',
  hour: 'h',
  day: 'd',
};

/**
 * Milliseconds of `1 minute`, `30 seconds`, `2 hours 30 minutes` or the short forms `1m30s`.
 * @throws `usage` when the text is not a duration.
 */
export function durationMs(text: string): number {
  const short = text.replaceAll(/\s*([a-z]+)\s*/g, (_, word: string) => UNITS[word.replace(/s$/, '')] ?? word);
  return parseDuration(short);
}

/** Milliseconds in words that {@link durationMs} reads and people like: `1 minute`, `1m30s`. */
export function durationWords(ms: number): string {
  const short = formatDuration(ms);
  const single = /^(\d+)(ms|s|m|h|d)$/.exec(short);
  if (!single) return short;
  const word = Object.keys(UNITS).find((name) => UNITS[name] === single[2])!;
  return `${single[1]} ${word}${single[1] === '1' ? '' : 's'}`;
}
