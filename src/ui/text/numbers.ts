import type { Value } from '../../base/row-batch.js';
import { isoText } from '../../base/time.js';

const SCALES: readonly (readonly [size: number, letter: string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e4, 'k'],
];

/** A count in at most six cells: `9,876`, `12.3k`, `4.56M`. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return '-';
  const size = Math.abs(count);
  for (const [scale, letter] of SCALES) {
    if (size < scale) continue;
    const unit = letter === 'k' ? 1000 : scale;
    const short = count / unit;
    return `${Math.abs(short) >= 100 ? Math.round(short) : trimZeros(short.toPrecision(3))}${letter}`;
  }
  return groupDigits(size < 10 && size % 1 !== 0 ? trimZeros(count.toFixed(1)) : String(Math.round(count)));
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Commas between thousands: `12345.6` -> `12,345.6`. */
export function groupDigits(text: string): string {
  const point = text.indexOf('.');
  const whole = point < 0 ? text : text.slice(0, point);
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (point < 0 ? '' : text.slice(point));
}

/** Digits after the point that make numbers of this size readable. */
export function digitsFor(largest: number): number {
  if (largest >= 1000 || largest === 0) return 0;
  if (largest >= 100) return 1;
  return largest >= 1 ? 2 : 4;
}

const BEFORE = new Set(['£', '$', '€', '¥']);
const CURRENCY_SIGNS: Readonly<Record<string, string>> = { GBP: '£', USD: '$', EUR: '€', JPY: '¥' };

/** The sign of a currency code where it can be shown, else the unit as it is. */
export function shownUnit(unit: string, unicode: boolean): string {
  return (unicode || unit === 'USD' ? CURRENCY_SIGNS[unit] : undefined) ?? unit;
}

/**
 * A value as people read it.
 * @param digits after the point, for numbers that are not whole.
 * @param unit currency signs stand before the number, all else after it.
 */
export function formatValue(value: Value | undefined, digits?: number, unit?: string): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'bigint') return withUnit(groupDigits(value.toString()), unit);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return '-';
    const places = digits ?? (Number.isInteger(value) ? 0 : digitsFor(Math.abs(value)));
    return withUnit(groupDigits(value.toFixed(places)), unit);
  }
  if (typeof value === 'object')
    return JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member));
  return String(value);
}

function withUnit(text: string, unit: string | undefined): string {
  if (!unit) return text;
  if (!BEFORE.has(unit)) return unit === '%' ? `${text}%` : `${text} ${unit}`;
  return text.startsWith('-') ? `-${unit}${text.slice(1)}` : unit + text;
}

/** `10:21:30` of an instant in UTC; `-` when unknown. */
export function formatTime(timeMs: number | null | undefined): string {
  return isInstant(timeMs) ? isoText(timeMs).slice(11, 19) : '-';
}

/** `2024-03-01 10:21:30` of an instant in UTC; `-` when unknown. */
export function formatDateTime(timeMs: number | null | undefined): string {
  return isInstant(timeMs) ? isoText(timeMs).slice(0, 19).replace('T', ' ') : '-';
}

/**
 * An instant as people near `nowMs` say it, in UTC: `10:21:30` of the same day, `03-01 10:21` of the same year, else
 * `2022-03-01 10:21`; `-` when unknown.
 */
export function formatTimeNear(timeMs: number | null | undefined, nowMs: number): string {
  const [text, now] = [formatDateTime(timeMs), formatDateTime(nowMs)];
  if (text.slice(0, 10) === now.slice(0, 10)) return text.slice(11);
  return text.slice(0, 4) === now.slice(0, 4) ? text.slice(5, 16) : text.slice(0, 16);
}

function isInstant(timeMs: number | null | undefined): timeMs is number {
  return typeof timeMs === 'number' && Math.abs(timeMs) <= 8.64e15;
}

/** `0:07`, `12:05`, `3:02:01` of a span. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (part: number): string => String(part).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
