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

/** Reads the text of a time; NaN when it is none. Epoch milliseconds. */
export type TimeParser = (text: Uint8Array) => number;

/**
 * Makes a parser of times.
 * @param format `auto` (ISO 8601, or epoch seconds or milliseconds), or a pattern of `YYYY MM DD HH mm ss SSS Z`.
 * @param zone for times without one: `UTC`, `+02:00` or a name like `Europe/Paris`.
 * @throws `usage` for a pattern or zone that is not known.
 */
export function timeParser(format: string, zone: string): TimeParser {
  const zoneOffset = zoneOffsetOf(zone);
  if (format === 'auto') return (text) => autoTime(fromUtf8(text).trim(), zoneOffset);
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

function autoTime(text: string, zoneOffset: (localMs: number) => number): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    return Math.round(Math.abs(number) < FIRST_MS ? number * 1000 : number);
  }
  const time = parseTimestamp(text);
  const hasZone = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/.test(text) && /\d:\d/.test(text);
  return hasZone || Number.isNaN(time) ? time : time - zoneOffset(time);
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
