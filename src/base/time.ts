import { StreamctlError } from './errors.js';

/** Something that was scheduled and can be called off. */
export interface Timer {
  cancel(): void;
}

/**
 * The only way to learn or wait for time. The real one is in system.ts, a simulated one in test/support.
 * All values are milliseconds.
 */
export interface Clock {
  /** Wall time, milliseconds since the epoch, whole. */
  now(): number;
  /** Monotonic time in milliseconds, with fractions; only differences mean something. */
  elapsed(): number;
  /**
   * Calls `action` once after `delayMs`, by {@link elapsed} never earlier. Does not keep the process alive when `background`
   * is true.
   */
  after(delayMs: number, action: () => void, background?: boolean): Timer;
  /** Resolves after `delayMs`, or at once (without an error) when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;

/**
 * Reads `500ms`, `10s`, `1m30s`, `2h`, `0`.
 * @returns milliseconds.
 * @throws `usage` when the text is not a duration.
 */
export function parseDuration(text: string): number {
  const compact = text.trim();
  if (compact === '0') return 0;
  if (!DURATION.test(compact)) {
    throw new StreamctlError('usage', `"${text}" is not a duration`, { hint: 'write 500ms, 10s, 1m30s or 2h' });
  }
  let total = 0;
  for (const part of compact.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) total += Number(part[1]) * UNIT_MS[part[2]!]!;
  return total;
}

/** Writes milliseconds the way {@link parseDuration} reads them: `1m30s`, `250ms`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)}ms`;
  let rest = Math.round(ms);
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const size = UNIT_MS[unit]!;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

const DAY_MS = 86_400_000;

/** Of the years 0 to 9999, what `Date` gives; its first use in a process costs some 30 ms, as it looks for the machine's time zone. */
function calendarText(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const rest = ms - days * DAY_MS;
  // Counted from the first of March of the year 0, so that a leap day is the last of its year.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const [hours, minutes, seconds] = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60, rest / 1000];
  return `${date}T${digits(hours, 2)}:${digits(minutes, 2)}:${digits(Math.floor(seconds) % 60, 2)}.${digits(Math.floor(rest % 1000), 3)}Z`;
}

/** Texts of the instants told last: rows of one window come together, and the text is most of what an instant costs. */
const recentTexts = new Map<number, string>();
const MAX_RECENT_TEXTS = 16;
const YEAR_0_MS = -62_167_219_200_000;
const YEAR_10000_MS = 253_402_300_800_000;

/** Epoch milliseconds as ISO 8601 in UTC, as `Date` writes them. @param ms within the years that a `Date` can hold. */
export function isoText(ms: number): string {
  let text = recentTexts.get(ms);
  if (text === undefined) {
    const whole = Math.trunc(ms);
    text = whole >= YEAR_0_MS && whole < YEAR_10000_MS ? calendarText(whole) : new Date(whole).toISOString();
    if (recentTexts.size >= MAX_RECENT_TEXTS) recentTexts.clear();
    recentTexts.set(ms, text);
  }
  return text;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
