import { unreachable } from '../base/assert.js';
import type { Window } from '../plan/plan.js';

/** A window [start, end), epoch ms. */
export interface Bounds {
  readonly start: number;
  readonly end: number;
}

/**
 * How event time is cut for windows of fixed size. Rows are grouped by slice; every window is made of whole
 * slices, so a row is taken once however many windows it belongs to.
 */
export interface Slicing {
  /** Length of a slice; Infinity: one slice for all time. */
  readonly sliceMs: number;
  readonly offsetMs: number;
  /** Whether every window is exactly one slice. */
  readonly single: boolean;
  /** End of the last window that holds the slice beginning at `start`: after it rows of the slice are late. */
  lastEnd(start: number): number;
  /** The windows that hold the slice beginning at `start`. */
  windowsOf(start: number): Bounds[];
}

/** Largest n that divides both. */
function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Start of the period of `lengthMs` in which `time` lies; below the epoch too. */
export function floorTo(time: number, lengthMs: number, offsetMs: number): number {
  return Math.floor((time - offsetMs) / lengthMs) * lengthMs + offsetMs;
}

/** The slicing of a window that is no session; null: all time is one window. */
export function slicingOf(window: Exclude<Window, { kind: 'session' }> | null): Slicing {
  if (window === null) {
    const all = { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY };
    return {
      sliceMs: Number.POSITIVE_INFINITY,
      offsetMs: 0,
      single: true,
      lastEnd: () => all.end,
      windowsOf: () => [all],
    };
  }
  const { sizeMs, offsetMs } = window;
  switch (window.kind) {
    case 'tumble':
      return {
        sliceMs: sizeMs,
        offsetMs,
        single: true,
        lastEnd: (start) => start + sizeMs,
        windowsOf: (start) => [{ start, end: start + sizeMs }],
      };
    case 'hop': {
      const { hopMs } = window;
      return {
        sliceMs: commonDivisor(sizeMs, hopMs),
        offsetMs,
        single: false,
        lastEnd: (start) => floorTo(start, hopMs, offsetMs) + sizeMs,
        windowsOf: (start) => {
          const found: Bounds[] = [];
          for (let at = floorTo(start, hopMs, offsetMs); at + sizeMs > start; at -= hopMs)
            found.push({ start: at, end: at + sizeMs });
          return found;
        },
      };
    }
    case 'cumulate': {
      const { stepMs } = window;
      return {
        sliceMs: stepMs,
        offsetMs,
        single: false,
        lastEnd: (start) => floorTo(start, sizeMs, offsetMs) + sizeMs,
        windowsOf: (slice) => {
          const found: Bounds[] = [];
          const start = floorTo(slice, sizeMs, offsetMs);
          for (let end = slice + stepMs; end <= start + sizeMs; end += stepMs) found.push({ start, end });
          return found;
        },
      };
    }
    default:
      return unreachable(window);
  }
}
