import { utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { timeParser } from '../../codecs/time-format.js';

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly words?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: MONTHS },
  // Sunday is 0 and 7.
  { name: 'weekday', from: 0, to: 7, words: DAYS },
];
const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};
const DAY_MS = 86_400_000;
/** The 29th of February comes again after eight years at most. */
const MAX_DAYS = 8 * 366 + 1;
const HINT = "five fields: minute hour day month weekday, like '*/10 8-18 * * mon-fri'";

/** A calendar of minutes. */
export interface Cron {
  readonly text: string;
  /** The first time after `afterMs`, epoch ms. */
  next(afterMs: number): number;
}

/**
 * Reads a crontab line of five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. Where both day and
 * weekday are restricted, either is enough.
 * @param zone whose clock is meant: `UTC`, `+02:00`, `Europe/Paris`.
 * @throws `usage`
 */
export function parseCron(text: string, zone = 'UTC'): Cron {
  const fields = (NICKNAMES[text.trim().toLowerCase()] ?? text).trim().split(/\s+/);
  if (fields.length !== 5) throw new StreamctlError('usage', `"${text}" is not a cron line`, { hint: HINT });
  const sets = fields.map((field, index) => parseField(field, FIELDS[index]!, text));
  const [minutes, hours, days, months, weekdays] = sets as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  if (weekdays.has(7)) weekdays.add(0);
  const eitherDay = !fields[2]!.startsWith('*') && !fields[4]!.startsWith('*');
  const isDay = (date: Date): boolean => {
    if (!months.has(date.getUTCMonth() + 1)) return false;
    const inMonth = days.has(date.getUTCDate());
    const inWeek = weekdays.has(date.getUTCDay());
    return eitherDay ? inMonth || inWeek : inMonth && inWeek;
  };
  const toUtc = timeParser('auto', zone);
  const next = (afterMs: number): number => {
    // Local dates run from a day before: no zone is further away.
    const firstDay = Math.floor(afterMs / DAY_MS) - 1;
    for (let day = firstDay; day < firstDay + MAX_DAYS; day++) {
      const date = new Date(day * DAY_MS);
      if (!isDay(date)) continue;
      const prefix = date.toISOString().slice(0, 11);
      let best = Number.POSITIVE_INFINITY;
      for (const hour of hours) {
        for (const minute of minutes) {
          const utcMs = toUtc(utf8(`${prefix}${two(hour)}:${two(minute)}:00`));
          if (utcMs > afterMs && utcMs < best) best = utcMs;
        }
      }
      if (best < Number.POSITIVE_INFINITY) return best;
    }
    throw new StreamctlError('usage', `"${text}" never comes`, { hint: HINT });
  };
  // What never comes is told at once.
  next(0);
  return { text, next };
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function parseField(field: string, { name, from, to, words }: Field, line: string): Set<number> {
  const wrong = (): StreamctlError =>
    new StreamctlError('usage', `"${line}": "${field}" is not a ${name}`, {
      detail: `a ${name} is ${from} to ${to}, *, a range a-b, a list a,b or a step */n`,
      hint: HINT,
    });
  const number = (text: string): number => {
    const word = words?.indexOf(text.toLowerCase()) ?? -1;
    const value = word >= 0 ? word + (name === 'month' ? 1 : 0) : /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= from && value <= to)) throw wrong();
    return value;
  };
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const [range, step, more] = part.split('/');
    const by = step === undefined ? 1 : /^[1-9]\d*$/.test(step) ? Number(step) : Number.NaN;
    if (more !== undefined || Number.isNaN(by) || range === undefined) throw wrong();
    const [low, high, rest] = range === '*' ? [String(from), String(name === 'weekday' ? 6 : to)] : range.split('-');
    if (rest !== undefined || low === undefined) throw wrong();
    const first = number(low);
    const last = high !== undefined ? number(high) : step === undefined ? first : to;
    if (last < first) throw wrong();
    for (let value = first; value <= last; value += by) found.add(value);
  }
  return found;
}
