import { datePattern } from '../../base/date-pattern.js';
import type { Value } from '../../base/row-batch.js';
import { isTimeZone } from '../../base/time-zones.js';
import { call, type Operand, type Typed } from '../typed.js';
import { type FunctionSpec, scalar, takes, withFlink } from './function-spec.js';

/** Parts of a time that have a function of their own, in Flink's words. */
const FIELDS = {
  YEAR: 'year',
  QUARTER: 'quarter, 1 to 4',
  MONTH: 'month, 1 to 12',
  WEEK: 'week of the year as ISO counts it, 1 to 53',
  DAYOFYEAR: 'day of the year, from 1',
  DAYOFMONTH: 'day of the month, from 1',
  DAYOFWEEK: 'day of the week, Sunday is 1',
  HOUR: 'hour, 0 to 23',
  MINUTE: 'minute, 0 to 59',
  SECOND: 'second, 0 to 59',
  MILLISECOND: 'thousandths of the second, 0 to 999',
} as const;

/** Units to which times are cut and in which they are counted. */
export const TIME_UNITS = ['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND'] as const;
/** See {@link TIME_UNITS}. */
export type TimeUnit = (typeof TIME_UNITS)[number];

function badZone(value: Value | undefined): string | undefined {
  if (typeof value !== 'string' || isTimeZone(value)) return undefined;
  return `there is no time zone "${value}"; they are called Europe/Paris, UTC or +02:00`;
}

function badPattern(value: Value | undefined): string | undefined {
  const found = typeof value === 'string' ? datePattern(value) : undefined;
  return typeof found === 'string' ? `"${value as string}" is no pattern of times: ${found}` : undefined;
}

const CLOCK = "'yyyy-MM-dd HH:mm:ss.SSS'";

/** Flink's text of a time as the clocks of a zone show it. */
function inZone(time: string, zone: string | undefined): string {
  if (zone === undefined) return time;
  // Flink's CONVERT_TZ knows no fractions.
  const shown = `CONVERT_TZ(DATE_FORMAT(${time}, 'yyyy-MM-dd HH:mm:ss'), 'UTC', ${zone})`;
  return `TO_TIMESTAMP(${shown} || DATE_FORMAT(${time}, '.SSS'), ${CLOCK})`;
}

const fieldSpecs = Object.entries(FIELDS).map(([name, summary]) =>
  withFlink(
    scalar(
      name,
      `${name}(time[, zone])`,
      `${summary}; UTC unless a zone is given`,
      [1, 2],
      takes(['timestamp', 'string'], 'bigint'),
      name === 'DAYOFMONTH' ? ['DAY'] : [],
    ),
    ([time, zone]) => `EXTRACT(${EXTRACTED[name] ?? name} FROM ${inZone(time!, zone)})`,
    ([, zone]) => badZone(zone),
  ),
);

const EXTRACTED: Readonly<Record<string, string>> = { DAYOFYEAR: 'DOY', DAYOFMONTH: 'DAY', DAYOFWEEK: 'DOW' };

/** The function of `EXTRACT(unit FROM time)`; undefined for a unit that is not offered. */
export function extractName(unit: string): string | undefined {
  const names: Readonly<Record<string, string>> = { DAY: 'DAYOFMONTH', DOY: 'DAYOFYEAR', DOW: 'DAYOFWEEK' };
  const name = names[unit] ?? unit;
  return Object.hasOwn(FIELDS, name) ? name : undefined;
}

function cutSpecs(direction: 'FLOOR' | 'CEIL'): readonly FunctionSpec[] {
  return TIME_UNITS.map((unit) =>
    withFlink(
      scalar(
        `${direction} TO ${unit}`,
        `${direction}(time TO ${unit}[, zone])`,
        direction === 'FLOOR'
          ? `where the ${unit.toLowerCase()} of a time begins; weeks begin on Sunday`
          : `where the next ${unit.toLowerCase()} begins, or the time itself when one begins then`,
        [1, 2],
        takes(['timestamp', 'string'], 'timestamp'),
      ),
      // Back from the clock of a zone there is no function; days there need one.
      ([time, zone]) => (zone === undefined ? `${direction}(${time} TO ${unit})` : undefined),
      ([, zone]) => badZone(zone),
    ),
  );
}

const differenceSpecs = TIME_UNITS.map((unit) =>
  withFlink(
    scalar(
      `TIMESTAMPDIFF ${unit}`,
      `TIMESTAMPDIFF(${unit}, from, to)`,
      `whole ${unit.toLowerCase()}s from one time to another`,
      [2, 2],
      takes(['timestamp'], 'bigint'),
    ),
    ([from, to]) => `TIMESTAMPDIFF(${unit}, ${from}, ${to})`,
  ),
);

const sumSpecs = TIME_UNITS.map((unit) =>
  withFlink(
    scalar(
      `TIMESTAMPADD ${unit}`,
      `TIMESTAMPADD(${unit}, number, time)`,
      `a time so many ${unit.toLowerCase()}s later; the last day of a month where there is no such day`,
      [2, 2],
      takes(['bigint', 'timestamp'], 'timestamp'),
    ),
    ([number, time]) => `TIMESTAMPADD(${unit}, CAST(${number} AS INT), ${time})`,
  ),
);

/** Signatures of the functions on times. Times are points in time; a zone says what clocks show then, UTC's where none is given. */
export const timeSpecs: readonly FunctionSpec[] = [
  ...fieldSpecs,
  ...cutSpecs('FLOOR'),
  ...cutSpecs('CEIL'),
  ...differenceSpecs,
  ...sumSpecs,
  withFlink(
    scalar(
      'DATE_FORMAT',
      'DATE_FORMAT(time, pattern[, zone])',
      "a time as text, by a pattern of Java's letters: yyyy-MM-dd HH:mm:ss",
      [2, 3],
      takes(['timestamp', 'string'], 'string'),
    ),
    ([time, pattern, zone]) => `DATE_FORMAT(${inZone(time!, zone)}, ${pattern})`,
    ([, pattern, zone]) => badPattern(pattern) ?? badZone(zone),
  ),
  withFlink(
    scalar(
      'TO_TIMESTAMP',
      'TO_TIMESTAMP(text[, pattern[, zone]])',
      'the time that a text says, null when it does not fit; without a pattern 2024-01-31 10:00:00 and the like',
      [1, 3],
      takes(['string'], 'timestamp'),
    ),
    ([text, pattern, zone]) =>
      zone === undefined
        ? `CAST(TO_TIMESTAMP(${pattern === undefined ? text : `${text}, ${pattern}`}) AS TIMESTAMP_LTZ(3))`
        : `TO_TIMESTAMP_LTZ(${text}, ${pattern}, ${zone})`,
    ([, pattern, zone]) => badPattern(pattern) ?? badZone(zone),
  ),
  withFlink(
    scalar(
      'TO_TIMESTAMP_LTZ',
      'TO_TIMESTAMP_LTZ(number, precision)',
      'the time so many seconds (precision 0) or milliseconds (precision 3) after 1970',
      [1, 2],
      takes(['bigint', 'bigint'], 'timestamp'),
    ),
    undefined,
    ([, precision]) =>
      precision === undefined || precision === 0 || precision === 3 || precision === null
        ? undefined
        : 'the precision is 0 (seconds) or 3 (milliseconds)',
  ),
  withFlink(
    scalar(
      'CONVERT_TZ',
      'CONVERT_TZ(text, from, to)',
      'what clocks show in another zone: 2024-07-01 10:00:00; null when the text does not fit',
      [3, 3],
      takes(['string'], 'string'),
    ),
    undefined,
    ([, from, to]) => badZone(from) ?? badZone(to),
  ),
  withFlink(
    scalar(
      'UNIX_TIMESTAMP',
      'UNIX_TIMESTAMP(text[, pattern])',
      'seconds from 1970 to the time that a text says (UTC); null when it does not fit',
      [1, 2],
      takes(['string'], 'bigint'),
    ),
    undefined,
    ([, pattern]) => badPattern(pattern),
  ),
  withFlink(
    scalar(
      'FROM_UNIXTIME',
      'FROM_UNIXTIME(seconds[, pattern])',
      'the time so many seconds after 1970 as text (UTC)',
      [1, 2],
      takes(['bigint', 'string'], 'string'),
    ),
    undefined,
    ([, pattern]) => badPattern(pattern),
  ),
];

type Time = Operand<'timestamp'>;
type Zone = Operand<'string'>;

/** A part of a time: `timePart('HOUR', row.at, 'Europe/Paris')`; UTC without a zone. */
export function timePart(part: keyof typeof FIELDS, time: Time, zone?: Zone): Typed<'bigint'> {
  return zone === undefined ? call(part, time) : call(part, time, zone);
}

/** Where the unit of a time begins: `startOf('DAY', row.at, 'Europe/Paris')`; UTC without a zone. */
export function startOf(unit: TimeUnit, time: Time, zone?: Zone): Typed<'timestamp'> {
  return zone === undefined ? call(`FLOOR TO ${unit}`, time) : call(`FLOOR TO ${unit}`, time, zone);
}

/** Whole units from one time to another. */
export function timeBetween(unit: TimeUnit, from: Time, to: Time): Typed<'bigint'> {
  return call(`TIMESTAMPDIFF ${unit}`, from, to);
}

/** A time so many units later. */
export function timeAfter(unit: TimeUnit, number: Operand<'bigint'>, time: Time): Typed<'timestamp'> {
  return call(`TIMESTAMPADD ${unit}`, number, time);
}

/** A time as text: `dateFormat(row.at, 'yyyy-MM-dd', 'Europe/Paris')`. */
export function dateFormat(time: Time, pattern: Operand<'string'>, zone?: Zone): Typed<'string'> {
  return zone === undefined ? call('DATE_FORMAT', time, pattern) : call('DATE_FORMAT', time, pattern, zone);
}

/** The time that a text says; null when it does not fit. */
export function toTimestamp(text: Operand<'string'>, pattern?: Operand<'string'>, zone?: Zone): Typed<'timestamp'> {
  const given = [pattern, zone].filter((operand) => operand !== undefined);
  return call('TO_TIMESTAMP', text, ...given);
}
