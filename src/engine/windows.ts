import { unreachable } from '../base/assert.js';
import type { AlignedWindow, Emit } from '../plan/plan.js';

/** A moment at which a window gives a result. */
export interface Firing {
  /** The window is [start, end), epoch ms. */
  readonly start: number;
  readonly end: number;
  /** The result is of the rows before this time, and is due when the watermark reaches it less 1 ms. */
  readonly until: number;
}

/**
 * How event time is cut for windows of fixed size. Rows are grouped by slice; every result is of whole slices,
 * so a row is taken once however many windows it belongs to.
 */
export interface Slicing {
  /** Length of a slice; Infinity: one slice for all time. */
  readonly sliceMs: number;
  readonly offsetMs: number;
  /** Whether every result is of exactly one slice. */
  readonly single: boolean;
  /** End of the last window that holds the slice beginning at `start`: after it rows of the slice are late. */
  lastEnd(start: number): number;
  /** The windows that hold the slice, each at its end. */
  windowsOf(start: number): Firing[];
  /** The firings that a row in the slice beginning at `start` calls for: the windows', and with a period the next one of each. */
  firingsOf(start: number): Firing[];
}

/** Largest n that divides both. */
function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Start of the period of `lengthMs` in which `time` lies; below the epoch too. */
export function floorTo(time: number, lengthMs: number, offsetMs: number): number {
  return Math.floor((time - offsetMs) / lengthMs) * lengthMs + offsetMs;
}

type Plain = Omit<Slicing, 'firingsOf'>;

const ALL_TIME: Firing = {
  start: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
  until: Number.POSITIVE_INFINITY,
};

function plainSlicing(window: AlignedWindow | null): Plain {
  if (window === null) {
    const endless = Number.POSITIVE_INFINITY;
    return { sliceMs: endless, offsetMs: 0, single: true, lastEnd: () => endless, windowsOf: () => [ALL_TIME] };
  }
  const { sizeMs, offsetMs } = window;
  const at = (start: number, end: number): Firing => ({ start, end, until: end });
  switch (window.kind) {
    case 'tumble': {
      const lastEnd = (slice: number): number => floorTo(slice, sizeMs, offsetMs) + sizeMs;
      const windowsOf = (slice: number): Firing[] => [at(lastEnd(slice) - sizeMs, lastEnd(slice))];
      return { sliceMs: sizeMs, offsetMs, single: true, lastEnd, windowsOf };
    }
    case 'hop': {
      const { hopMs } = window;
      const lastEnd = (slice: number): number => floorTo(slice, hopMs, offsetMs) + sizeMs;
      const windowsOf = (slice: number): Firing[] => {
        const found: Firing[] = [];
        for (let end = lastEnd(slice); end > slice; end -= hopMs) found.push(at(end - sizeMs, end));
        return found;
      };
      return { sliceMs: commonDivisor(sizeMs, hopMs), offsetMs, single: false, lastEnd, windowsOf };
    }
    case 'cumulate': {
      const { stepMs } = window;
      const lastEnd = (slice: number): number => floorTo(slice, sizeMs, offsetMs) + sizeMs;
      const windowsOf = (slice: number): Firing[] => {
        const found: Firing[] = [];
        for (let end = lastEnd(slice); end > slice; end -= stepMs) found.push(at(lastEnd(slice) - sizeMs, end));
        return found;
      };
      return { sliceMs: stepMs, offsetMs, single: false, lastEnd, windowsOf };
    }
    default:
      return unreachable(window);
  }
}

/**
 * The slicing of a window that does not go by the rows; null: all time is one window. With a period, slices are so short
 * that every result in between is of whole slices too.
 */
export function slicingOf(window: AlignedWindow | null, emit: Emit): Slicing {
  const plain = plainSlicing(window);
  if (emit.kind !== 'every') return { ...plain, firingsOf: plain.windowsOf };
  const { everyMs } = emit;
  const { offsetMs } = plain;
  const sliceMs = window === null ? everyMs : commonDivisor(plain.sliceMs, everyMs);
  const firingsOf = (slice: number): Firing[] => {
    const windows = plain.windowsOf(slice);
    const until = floorTo(slice, everyMs, offsetMs) + everyMs;
    return [...windows.filter(({ end }) => until < end).map((window) => ({ ...window, until })), ...windows];
  };
  return { ...plain, sliceMs, single: false, firingsOf };
}
