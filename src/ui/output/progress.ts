import { type Clock, formatDuration } from '../../base/time.js';
import { formatCount } from '../text/numbers.js';
import { paint, type Style } from '../text/style.js';
import { textWidth, truncateText } from '../text/width.js';

/** How far long work has come. */
export interface ProgressState {
  readonly done: number;
  /** Undefined when nobody knows: the bar becomes a count. */
  readonly total?: number | undefined;
  /** Said after the numbers: `lot 3 of 382`. */
  readonly note?: string;
}

export interface ProgressOptions {
  readonly clock: Clock;
  /** The stream for people, usually stderr. */
  readonly write: (text: string) => void;
  readonly style: Style;
  /** What is counted: `rows`, `records`. */
  readonly unit: string;
}

/** A line on stderr that is rewritten in place; nothing at all where no terminal is. */
export interface Progress {
  /** Call as often as you like: at most {@link REDRAWS_PER_SECOND} times a second something is written. */
  update(state: ProgressState): void;
  /** Takes the line away so that other text can be printed; the next update brings it back. */
  clear(): void;
  /** Takes the line away for good. */
  close(): void;
}

/** Bound of writes to a terminal. */
export const REDRAWS_PER_SECOND = 10;
const BAR_CELLS = 24;
const EIGHTHS = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * One line of progress.
 * @param elapsedMs since the work began; decides rate and time left.
 */
export function progressLine(state: ProgressState, elapsedMs: number, unit: string, style: Style): string {
  const rate = elapsedMs > 0 ? (state.done * 1000) / elapsedMs : 0;
  const speed = `${formatCount(rate)} ${unit}/s`;
  const note = state.note ? `  ${state.note}` : '';
  if (state.total === undefined || state.total <= 0) {
    return shorten(`${formatCount(state.done)} ${unit}  ${speed}${note}`, style);
  }
  const share = Math.min(1, state.done / state.total);
  const left = rate > 0 ? ((state.total - state.done) / rate) * 1000 : Number.NaN;
  const eta = share >= 1 || !Number.isFinite(left) ? '' : `  ${roundDuration(left)} left`;
  const numbers = `${Math.floor(share * 100)}%  ${formatCount(state.done)}/${formatCount(state.total)} ${unit}  ${speed}${eta}`;
  const text = ` ${numbers}${note}`;
  const cells = Math.min(BAR_CELLS, style.columns - textWidth(text) - 2);
  if (cells < 8) return shorten(text.trimStart(), style);
  return `${paint(bar(share, cells, style.unicode), 'accent', style)}${text}`;
}

function shorten(text: string, style: Style): string {
  return truncateText(text, style.columns - 1, style.unicode ? '…' : '~');
}

function bar(share: number, cells: number, unicode: boolean): string {
  if (!unicode) {
    const full = Math.round(share * (cells - 2));
    return `[${'#'.repeat(full)}${'.'.repeat(cells - 2 - full)}]`;
  }
  const eighths = Math.round(share * cells * 8);
  const full = Math.floor(eighths / 8);
  const rest = full < cells ? EIGHTHS[eighths % 8]!.trim() : '';
  return `${'█'.repeat(full)}${rest}${'·'.repeat(Math.max(0, cells - full - (rest ? 1 : 0)))}`;
}

function roundDuration(ms: number): string {
  if (ms < 60_000) return formatDuration(Math.max(1000, Math.round(ms / 1000) * 1000));
  return formatDuration(Math.round(ms / 60_000) * 60_000);
}

/** Opens a progress line; on anything but a terminal it stays silent. */
export function openProgress({ clock, write, style, unit }: ProgressOptions): Progress {
  const startMs = clock.elapsed();
  let shownMs = Number.NEGATIVE_INFINITY;
  let visible = false;
  let closed = !style.terminal;
  const clear = (): void => {
    if (visible) write('\r\u001b[K');
    visible = false;
    shownMs = Number.NEGATIVE_INFINITY;
  };
  return {
    update(state) {
      const nowMs = clock.elapsed();
      if (closed || nowMs - shownMs < 1000 / REDRAWS_PER_SECOND) return;
      shownMs = nowMs;
      visible = true;
      write(`\r${progressLine(state, nowMs - startMs, unit, style)}\u001b[K`);
    },
    clear,
    close() {
      clear();
      closed = true;
    },
  };
}
