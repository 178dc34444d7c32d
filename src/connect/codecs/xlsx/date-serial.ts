import { utf8 } from '../../../base/bytes.js';
import { writeInteger } from '../../../base/decimal-digits.js';
import type { GrowingBytes } from './cell-text.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const ZERO = 0x30;
const COLON = 0x3a;
const DOT = 0x2e;
/** Behind a day: as a whole, or only its first letter where another time follows. */
const MIDNIGHT = 'T00:00:00';
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

/** Texts of days that came before: a sheet has few different ones. */
const MAX_DAYS = 8192;

/** Writes serial numbers as ISO 8601 texts. */
export class SerialWriter {
  readonly #epochMs: number;
  readonly #days = new Map<number, Uint8Array>();

  constructor(is1904: boolean) {
    this.#epochMs = is1904 ? EPOCH_1904_MS : EPOCH_1900_MS;
  }

  /**
   * Appends `2022-02-14T10:00:00`, `10:00:00` for a time of day, `36:00:00` for hours gone by; fractions of a second are
   * kept to the millisecond. False, with nothing written, for what is no date: that stays a number.
   */
  append(serial: number, kind: NumberKind, into: GrowingBytes): boolean {
    if (!(serial >= 0) || serial >= MAX_SERIAL) return false;
    const ms = Math.round(serial * DAY_MS);
    into.reserve(32);
    if (kind === 'elapsed' || (kind === 'time' && serial < 1)) {
      appendClock(ms, into);
      return true;
    }
    const day = Math.floor(ms / DAY_MS);
    const text = this.#day(day);
    into.append(text, 0, text.length - MIDNIGHT.length + 1);
    appendClock(ms - day * DAY_MS, into);
    return true;
  }

  /** The text of day `serial` as {@link append} writes it, `2022-02-14T00:00:00`; undefined for what is no date. */
  midnight(serial: number): Uint8Array | undefined {
    return serial >= 0 && serial < MAX_SERIAL ? this.#day(serial) : undefined;
  }

  /** The day at midnight. */
  #day(day: number): Uint8Array {
    let text = this.#days.get(day);
    if (text) return text;
    if (this.#days.size >= MAX_DAYS) this.#days.clear();
    text = utf8(`${this.#dayText(day)}${MIDNIGHT}`);
    this.#days.set(day, text);
    return text;
  }

  #dayText(day: number): string {
    const is1900 = this.#epochMs === EPOCH_1900_MS;
    if (is1900 && day === FALSE_LEAP_DAY) return '1900-02-29';
    const days = is1900 && day < FALSE_LEAP_DAY ? day + 1 : day;
    return new Date(this.#epochMs + days * DAY_MS).toISOString().slice(0, 10);
  }
}

/** `HH:mm:ss`, with milliseconds where there are any. Room for it is there. */
function appendClock(ms: number, into: GrowingBytes): void {
  const { bytes } = into;
  const rest = ms % HOUR_MS;
  let at = into.used;
  const hours = (ms - rest) / HOUR_MS;
  if (hours < 10) bytes[at++] = ZERO;
  at = writeInteger(bytes, at, hours);
  for (const part of [Math.floor(rest / 60_000), Math.floor(rest / 1000) % 60]) {
    bytes[at++] = COLON;
    bytes[at++] = ZERO + Math.floor(part / 10);
    bytes[at++] = ZERO + (part % 10);
  }
  const millis = ms % 1000;
  if (millis > 0) {
    bytes[at++] = DOT;
    for (let unit = 100; unit >= 1; unit /= 10) bytes[at++] = ZERO + (Math.floor(millis / unit) % 10);
  }
  into.used = at;
}
