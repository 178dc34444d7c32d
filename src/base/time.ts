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
  /** Calls `action` once after `delayMs`. Does not keep the process alive when `background` is true. */
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
