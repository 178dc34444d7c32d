import { StreamctlError } from '../../../base/errors.js';
import { parseDuration } from '../../../base/time.js';

const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * Reads a point in time as rpk writes it, with or without the leading `@`: epoch seconds (10 digits or less),
 * milliseconds (13) or nanoseconds (19), a date with or without time and zone (UTC where none is given),
 * `now`, or a duration before (`-1h`) or after (`+1h`) now.
 * @returns epoch milliseconds.
 * @throws `usage`
 */
export function parseTime(text: string, nowMs: number): number {
  const written = text.trim().replace(/^@/, '');
  if (written === 'now') return nowMs;
  if (/^\d+$/.test(written)) return epochMs(written);
  const relative = /^([+-])(.+)$/.exec(written);
  if (relative) return nowMs + (relative[1] === '-' ? -1 : 1) * parseDuration(relative[2]!);
  const date = DATE.exec(written);
  if (date) {
    const iso = written.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1');
    const zoned = date[1] ? iso : `${iso.length === 10 ? `${iso}T00:00` : iso}Z`;
    const ms = Date.parse(zoned.length === 11 ? `${iso.slice(0, 10)}T00:00Z` : zoned);
    if (!Number.isNaN(ms)) return ms;
  }
  throw new StreamctlError('usage', `"${text}" is not a time`, {
    hint: 'write @2022-02-14T10:00Z, @1644832800, @-1h or now',
  });
}

function epochMs(digits: string): number {
  if (digits.length <= 10) return Number(digits) * 1000;
  if (digits.length <= 13) return Number(digits);
  return Number(BigInt(digits) / 1_000_000n);
}
