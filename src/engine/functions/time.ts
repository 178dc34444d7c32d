import { type DatePattern, datePattern } from '../../base/date-pattern.js';
import type { Value } from '../../base/row-batch.js';
import { zonedTimeMs, zoneOffsetMs } from '../../base/time-zones.js';
import { parseTimestamp, timestampText } from '../../plan/timestamp-text.js';
import { RowError } from '../row-error.js';
import type { ScalarFunction } from './scalar-function.js';

const DAY_MS = 86_400_000;
const MAX_TIME_MS = 8.64e15;
/** Milliseconds of the units that are always equally long. */
const FIXED_MS: Readonly<Record<string, number>> = {
  WEEK: 7 * DAY_MS,
  DAY: DAY_MS,
  HOUR: 3_600_000,
  MINUTE: 60_000,
  SECOND: 1000,
};
/** Months of the others. */
const MONTHS: Readonly<Record<string, number>> = { YEAR: 12, QUARTER: 3, MONTH: 1 };
const UNITS = [...Object.keys(MONTHS), ...Object.keys(FIXED_MS)];

const outOfRange = new RowError('a time is out of range');

function inRange(ms: number): number {
  if (Math.abs(ms) <= MAX_TIME_MS) return ms;
  throw outOfRange;
}

/** What the clocks of a zone show, as epoch ms of the same time in UTC. */
function clockMs(ms: number, zone: string | undefined): number {
  if (zone === undefined) return ms;
  const offset = zoneOffsetMs(zone, ms);
  if (offset === undefined) throw new RowError('there is no such time zone');
  return inRange(ms + offset);
}

function fromClock(clock: number, zone: string | undefined): number {
  if (zone === undefined) return inRange(clock);
  const ms = zonedTimeMs(zone, inRange(clock));
  if (ms === undefined) throw new RowError('there is no such time zone');
  return inRange(ms);
}

function patternOf(text: string): DatePattern {
  const pattern = datePattern(text);
  if (typeof pattern === 'string') throw new RowError('a pattern of times is not understood');
  return pattern;
}

/** The first of January of a year; Date.UTC takes 0 to 99 for 1900 to 1999. */
function dateMs(year: number, month: number, day: number): number {
  const date = new Date(0);
  return date.setUTCFullYear(year, month, day);
}

/** Week of the year as ISO counts: that of the week's Thursday. */
function isoWeek(clock: number): number {
  const day = Math.floor(clock / DAY_MS);
  const thursday = day + 3 - ((((day + 3) % 7) + 7) % 7);
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  return Math.floor((thursday - dateMs(year, 0, 1) / DAY_MS) / 7) + 1;
}

const FIELDS: Readonly<Record<string, (clock: number, date: Date) => number>> = {
  YEAR: (_, date) => date.getUTCFullYear(),
  QUARTER: (_, date) => Math.floor(date.getUTCMonth() / 3) + 1,
  MONTH: (_, date) => date.getUTCMonth() + 1,
  WEEK: isoWeek,
  DAYOFYEAR: (clock, date) => Math.floor((clock - dateMs(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1,
  DAYOFMONTH: (_, date) => date.getUTCDate(),
  DAYOFWEEK: (_, date) => date.getUTCDay() + 1,
  HOUR: (_, date) => date.getUTCHours(),
  MINUTE: (_, date) => date.getUTCMinutes(),
  SECOND: (_, date) => date.getUTCSeconds(),
  MILLISECOND: (_, date) => date.getUTCMilliseconds(),
};

/** Where the unit that holds a clock's time begins. */
function floorClock(unit: string, clock: number): number {
  const months = MONTHS[unit];
  if (months !== undefined) {
    const date = new Date(clock);
    return dateMs(date.getUTCFullYear(), date.getUTCMonth() - (date.getUTCMonth() % months), 1);
  }
  const size = FIXED_MS[unit]!;
  // The epoch was a Thursday, weeks begin on Sunday.
  const shift = unit === 'WEEK' ? 4 * DAY_MS : 0;
  return Math.floor((clock + shift) / size) * size - shift;
}

function nextClock(unit: string, start: number): number {
  const months = MONTHS[unit];
  if (months === undefined) return start + FIXED_MS[unit]!;
  const date = new Date(start);
  return dateMs(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
}

function ceilClock(unit: string, clock: number): number {
  const start = floorClock(unit, clock);
  return start === clock ? clock : nextClock(unit, start);
}

/** A time some months later: the same day and time, or the last day of the month. */
function afterMonths(ms: number, months: number): number {
  const date = new Date(ms);
  const first = new Date(dateMs(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
  if (Number.isNaN(first.getTime())) return Number.NaN;
  const days = new Date(dateMs(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  const day = Math.min(date.getUTCDate(), days);
  const time = ms - Math.floor(ms / DAY_MS) * DAY_MS;
  return dateMs(first.getUTCFullYear(), first.getUTCMonth(), day) + time;
}

function wholeMonths(from: number, to: number): number {
  const [a, b] = [new Date(from), new Date(to)];
  const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
  const inMonth = (date: Date, ms: number): number =>
    date.getUTCDate() * DAY_MS + (ms - Math.floor(ms / DAY_MS) * DAY_MS);
  const [left, right] = [inMonth(a, from), inMonth(b, to)];
  if (months > 0 && right < left) return months - 1;
  return months < 0 && right > left ? months + 1 : months;
}

function difference(unit: string, from: number, to: number): number {
  const months = MONTHS[unit];
  return Math.trunc(months === undefined ? (to - from) / FIXED_MS[unit]! : wholeMonths(from, to) / months) + 0;
}

function later(unit: string, count: number | bigint, ms: number): number {
  const months = MONTHS[unit];
  const number = Number(count);
  return inRange(months === undefined ? ms + number * FIXED_MS[unit]! : afterMonths(ms, number * months));
}

function parsed(text: string, pattern: string | undefined, zone?: string): number | null {
  const clock = pattern === undefined ? parseTimestamp(text) : patternOf(pattern).parse(text);
  return Number.isNaN(clock) || Math.abs(clock) > MAX_TIME_MS ? null : fromClock(clock, zone);
}

const SECONDS = 'yyyy-MM-dd HH:mm:ss';

function converted(text: string, from: string, to: string): string | null {
  const ms = parsed(text, SECONDS, from);
  return ms === null ? null : timestampText(clockMs(ms, to)).slice(0, -4);
}

function perUnit(
  make: (unit: string) => readonly [name: string, behaviour: ScalarFunction],
): Record<string, ScalarFunction> {
  return Object.fromEntries(UNITS.map(make));
}

/** Behaviour of the functions on times. */
export const timeFunctions: Readonly<Record<string, ScalarFunction>> = {
  ...Object.fromEntries(
    Object.entries(FIELDS).map(([name, field]) => [
      name,
      (ms: number, zone?: string) => {
        const clock = clockMs(ms, zone);
        const part = field(clock, new Date(clock));
        // In the first year of all, its first day is no time.
        if (Number.isNaN(part)) throw outOfRange;
        return part;
      },
    ]),
  ),
  ...perUnit((unit) => [
    `FLOOR TO ${unit}`,
    (ms: number, zone?: string) => fromClock(floorClock(unit, clockMs(ms, zone)), zone),
  ]),
  ...perUnit((unit) => [
    `CEIL TO ${unit}`,
    (ms: number, zone?: string) => fromClock(ceilClock(unit, clockMs(ms, zone)), zone),
  ]),
  ...perUnit((unit) => [`TIMESTAMPDIFF ${unit}`, (from: number, to: number) => difference(unit, from, to)]),
  ...perUnit((unit) => [`TIMESTAMPADD ${unit}`, (count: number | bigint, ms: number) => later(unit, count, ms)]),
  DATE_FORMAT: (ms: number, pattern: string, zone?: string): Value => patternOf(pattern).format(clockMs(ms, zone)),
  TO_TIMESTAMP: parsed,
  TO_TIMESTAMP_LTZ: (number: number | bigint, precision: number = 3) =>
    inRange(Number(number) * (precision === 0 ? 1000 : 1)),
  CONVERT_TZ: converted,
  UNIX_TIMESTAMP: (text: string, pattern: string = SECONDS): Value => {
    const ms = parsed(text, pattern);
    return ms === null ? null : Math.floor(ms / 1000);
  },
  FROM_UNIXTIME: (seconds: number | bigint, pattern: string = SECONDS) =>
    patternOf(pattern).format(inRange(Number(seconds) * 1000)),
};
