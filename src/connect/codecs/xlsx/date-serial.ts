import { utf8 } from '../../../base/bytes.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Day 0 of the usual system, for serials from 61 on: the day before its first, moved by the leap day that never was. */
const EPOCH_1900_MS = Date.UTC(1899, 11, 30);
const EPOCH_1904_MS = Date.UTC(1904, 0, 1);
/** 29 February 1900, which Excel counts although there was none. */
const FALSE_LEAP_DAY = 60;
/** 31 December 9999. */
const MAX_SERIAL = 2_958_466;

/** What a number format shows: a number as it is, a date with or without time, a time of day, or hours gone by. */
export type NumberKind = 'number' | 'date' | 'time' | 'elapsed';

/** Built-in formats that are dates or times. @see ECMA-376 part 1, 18.8.30 */
export function builtinKind(id: number): NumberKind {
  if ((id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 31) || id === 36) return 'date';
  if (id >= 50 && id <= 58) return 'date';
  if (id === 46) return 'elapsed';
  return (id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47) ? 'time' : 'number';
}

/** What a format code written out shows, after its first section: `dd/mm/yyyy`, `[h]:mm`, `0.00%`. */
export function codeKind(code: string): NumberKind {
  const bare = code
    .replace(/"[^"]*"|\\.|_.|\*./g, '')
    .replace(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
    .split(';')[0]!
    .replace(/general/gi, '')
    .toLowerCase();
  if (/[yd]/.test(bare) || (/m/.test(bare) && !/[hs]/.test(bare) && !bare.includes('['))) return 'date';
  if (/\[[hms]/.test(bare)) return 'elapsed';
  return /[hs]/.test(bare) ? 'time' : 'number';
}

/**
 * A serial number as text: `2022-02-14T10:00:00`, `10:00:00` for a time of day, `36:00:00` for hours gone by. Fractions of a second are kept to the
 * millisecond. Undefined for serials that are no dates; those stay numbers.
 */
export function serialText(serial: number, kind: NumberKind, is1904: boolean): Uint8Array | undefined {
  if (!(serial >= 0) || serial >= MAX_SERIAL) return undefined;
  if (kind === 'elapsed') {
    const ms = Math.round(serial * DAY_MS);
    return utf8(`${String(Math.floor(ms / HOUR_MS)).padStart(2, '0')}${isoText(ms % HOUR_MS).slice(13)}`);
  }
  if (kind === 'time' && serial < 1) return utf8(clockText(Math.round(serial * DAY_MS)));
  if (is1904) return utf8(isoText(EPOCH_1904_MS + Math.round(serial * DAY_MS)));
  if (serial >= FALSE_LEAP_DAY && serial < FALSE_LEAP_DAY + 1) {
    return utf8(`1900-02-29T${clockText(Math.min(DAY_MS - 1, Math.round((serial - FALSE_LEAP_DAY) * DAY_MS)))}`);
  }
  const days = serial < FALSE_LEAP_DAY ? serial + 1 : serial;
  return utf8(isoText(EPOCH_1900_MS + Math.round(days * DAY_MS)));
}

function isoText(ms: number): string {
  const text = new Date(ms).toISOString();
  return text.slice(0, text.endsWith('.000Z') ? 19 : 23);
}

function clockText(ms: number): string {
  const text = isoText(ms % DAY_MS).slice(11);
  return ms >= DAY_MS ? `24${text.slice(2)}` : text;
}
