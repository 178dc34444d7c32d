import { fromUtf8 } from '../../base/bytes.js';
import { StreamctlError } from '../../base/errors.js';
import { parseTimestamp } from '../../plan/timestamp-text.js';

const TOKENS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  MM: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  SSS: '(?<fraction>\\d{1,9})',
  Z: '(?<zone>Z|[+-]\\d{2}:?\\d{2})',
};
const FIRST_MS = 1e11;

/** What comes first in dates like 02/03/2022. */
export type DateOrder = 'day' | 'month';

const NUMBER_DATE =
  /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp][Mm])?)?$/;

/** What a sample says about the order of dates. */
export interface FoundOrder {
  readonly order: DateOrder;
  /** No date of the sample can be read one way only: the order is a guess by the mark between the numbers. */
  readonly guessed: boolean;
}

/**
 * Tells from a sample whether the day or the month comes first; undefined where no date is written with both in numbers
 * and the year last.
 * @throws `bad-data` where some dates have the day first, others the month.
 */
export function detectDateOrder(sample: readonly string[]): FoundOrder | undefined {
  let day: string | undefined;
  let month: string | undefined;
  let mark: string | undefined;
  for (const text of sample) {
    const match = NUMBER_DATE.exec(text.trim());
    if (!match) continue;
    mark ??= match[2]!;
    if (Number(match[1]) > 12) day ??= text;
    if (Number(match[3]) > 12) month ??= text;
  }
  if (day !== undefined && month !== undefined) {
    throw new StreamctlError('bad-data', `"${day.trim()}" has the day first, "${month.trim()}" the month`, {
      hint: 'correct the file, or send each kind by itself with --time-format',
    });
  }
  if (mark === undefined) return undefined;
  if (day !== undefined || month !== undefined) return { order: day !== undefined ? 'day' : 'month', guessed: false };
  return { order: mark === '/' ? 'month' : 'day', guessed: true };
}

/** Reads the text of a time; NaN when it is none. Epoch milliseconds. */
export type TimeParser = (text: Uint8Array) => number;

/**
 * Makes a parser of times.
 * @param format `auto` (ISO 8601, or epoch seconds or milliseconds), or a pattern of `YYYY MM DD HH mm ss SSS Z`.
 * @param order of day and month in dates like 02/03/2022, with `auto`; left out: those are no times.
 * @param zone for times without one: `UTC`, `+02:00` or a name like `Europe/Paris`.
 * @throws `usage` for a pattern or zone that is not known.
 */
export function timeParser(format: string, zone: string, order?: DateOrder): TimeParser {
  const zoneOffset = zoneOffsetOf(zone);
  if (format === 'auto') return (text) => autoTime(fromUtf8(text).trim(), zoneOffset, order);
  const pattern = patternOf(format);
  return (text) => {
    const groups = pattern.exec(fromUtf8(text).trim())?.groups;
    if (!groups) return Number.NaN;
    const pad = (name: string, fallback: string): string => (groups[name] ?? fallback).padStart(2, '0');
    const iso = `${groups.year}-${pad('month', '01')}-${pad('day', '01')} ${pad('hour', '00')}:${pad('minute', '00')}:${pad('second', '00')}.${groups.fraction ?? '0'}`;
    const time = parseTimestamp(`${iso}${groups.zone ?? ''}`);
    return groups.zone === undefined && !Number.isNaN(time) ? time - zoneOffset(time) : time;
  };
}

function autoTime(text: string, zoneOffset: (localMs: number) => number, order: DateOrder | undefined): number {
  if (order !== undefined) {
    const time = numberDate(text, order);
    if (time !== undefined) return Number.isNaN(time) ? time : time - zoneOffset(time);
  }
  if (/^-?\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    return Math.round(Math.abs(number) < FIRST_MS ? number * 1000 : number);
  }
  const time = parseTimestamp(text);
  const hasZone = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/.test(text) && /\d:\d/.test(text);
  return hasZone || Number.isNaN(time) ? time : time - zoneOffset(time);
}

/** Local time of a date with the year last; undefined where the text is no such date, NaN where there is no such day. */
function numberDate(text: string, order: DateOrder): number | undefined {
  const match = NUMBER_DATE.exec(text);
  if (!match) return undefined;
  const [, first, , second, year, hour = '0', minute = '00', seconds = '00', fraction = '0', half] = match;
  const [month, day] = order === 'month' ? [first!, second!] : [second!, first!];
  const isPm = half?.toLowerCase() === 'pm';
  if (half !== undefined && (Number(hour) < 1 || Number(hour) > 12)) return Number.NaN;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (isPm ? 12 : 0);
  const two = (part: string | number): string => String(part).padStart(2, '0');
  return parseTimestamp(`${year}-${two(month)}-${two(day)} ${two(hours)}:${minute}:${seconds}.${fraction}`);
}

function patternOf(format: string): RegExp {
  let pattern = '';
  for (const part of format.match(/YYYY|MM|DD|HH|mm|SSS|ss|Z|[\s\S]/g) ?? []) {
    pattern += TOKENS[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  }
  if (!format.includes('YYYY')) {
    throw new StreamctlError('usage', `--time-format: "${format}" has no year`, {
      hint: "write a pattern of YYYY MM DD HH mm ss SSS Z, like 'MM/DD/YYYY HH:mm:ss'",
    });
  }
  try {
    return new RegExp(`^${pattern}$`);
  } catch {
    throw new StreamctlError('usage', `--time-format: "${format}" names a part of the time twice`);
  }
}

/** Offset of a zone from UTC in ms at a local time. */
function zoneOffsetOf(zone: string): (localMs: number) => number {
  if (zone === 'UTC' || zone === 'Z') return () => 0;
  const fixed = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  if (fixed) {
    const offset = (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0)) * 60_000 * (fixed[1] === '-' ? -1 : 1);
    return () => offset;
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new StreamctlError('usage', `--tz: "${zone}" is not a time zone`, {
      hint: 'write UTC, +02:00 or Europe/Paris',
    });
  }
  const offsetAt = (utcMs: number): number => {
    const part = Object.fromEntries(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
    return (
      Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!) -
      Math.floor(utcMs / 1000) * 1000
    );
  };
  // A second look settles the hours around a change of the clocks.
  return (localMs) => offsetAt(localMs - offsetAt(localMs));
}
