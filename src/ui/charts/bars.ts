import { CellGrid, type Size } from '../terminal/cells.js';
import { formatValue } from '../text/numbers.js';
import { padText, textWidth, truncateText } from '../text/width.js';
import type { Look } from './look.js';

/** One bar. */
export interface Bar {
  readonly label: string;
  /** Null: nothing is known yet. */
  readonly value: number | null;
  /** Said after the value: `1,204 rows`. */
  readonly note?: string;
}

/** What {@link paintBars} draws. */
export interface BarsData {
  readonly bars: readonly Bar[];
  readonly digits?: number;
  readonly unit?: string;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/** A label takes at most this share of the width. */
const LABEL_SHARE = 0.3;
const MIN_BAR = 4;
const MAX_PITCH = 3;

/**
 * A horizontal bar per item in the order given, longest = full width; negative values grow from the same edge in the
 * colour of a warning. What finds no room is counted in the last line.
 */
export function paintBars(data: BarsData, size: Size, look: Look): CellGrid {
  const grid = new CellGrid(size.columns, size.rows);
  if (data.bars.length === 0 || size.rows === 0) return grid;
  const hidden = data.bars.length > size.rows ? data.bars.length - size.rows + 1 : 0;
  const shown = data.bars.slice(0, data.bars.length - hidden);
  // Rows per bar: one without a gap, one with, or two with.
  const pitch = hidden > 0 ? 1 : Math.min(MAX_PITCH, Math.floor((size.rows + 1) / shown.length));
  const largest = Math.max(...data.bars.map((bar) => Math.abs(bar.value ?? 0)));
  const places = measure(shown, data, size.columns);
  shown.forEach((bar, index) => {
    paintBar(grid, index * pitch, bar, largest, { ...places, pitch, data, look });
  });
  if (hidden > 0) {
    const more = `${look.unicode ? '…' : '...'} ${look.say('{1} more', hidden)}`;
    grid.put(places.barX, size.rows - 1, more, look.styles.dim);
  }
  return grid;
}

interface Places {
  readonly labelWidth: number;
  readonly barX: number;
  readonly barWidth: number;
  readonly valueWidth: number;
}

interface BarContext extends Places {
  readonly pitch: number;
  readonly data: BarsData;
  readonly look: Look;
}

function measure(bars: readonly Bar[], data: BarsData, columns: number): Places {
  const widest = Math.max(...bars.map((bar) => textWidth(bar.label)));
  const labelWidth = Math.max(1, Math.min(widest, Math.floor(columns * LABEL_SHARE)));
  const barX = labelWidth + 1;
  const valueWidth = Math.max(...bars.map((bar) => textWidth(valueText(bar, data))));
  const noteWidth = Math.max(0, ...bars.map((bar) => (bar.note ? textWidth(bar.note) + 2 : 0)));
  const room = columns - barX - valueWidth - 1;
  return { labelWidth, barX, valueWidth, barWidth: Math.max(MIN_BAR, room > 30 + noteWidth ? room - noteWidth : room) };
}

function valueText(bar: Bar, { digits, unit }: BarsData): string {
  return formatValue(bar.value, digits, unit);
}

function paintBar(grid: CellGrid, y: number, bar: Bar, largest: number, context: BarContext): void {
  const { data, look, labelWidth, barX, barWidth, valueWidth } = context;
  const label = truncateText(bar.label, labelWidth, look.unicode ? '…' : '~');
  grid.put(0, y, padText(label, labelWidth, 'right'), look.styles.plain);
  const share = largest > 0 && bar.value !== null ? Math.abs(bar.value) / largest : 0;
  const end = paintLength(grid, barX, y, share * barWidth, bar.value !== null && bar.value < 0, context);
  const value = valueText(bar, data);
  const after = grid.put(end + 1, y, value, look.styles.strong);
  if (bar.note && barX + barWidth + 1 + valueWidth + 2 + textWidth(bar.note) <= grid.columns) {
    grid.put(Math.max(after + 2, 0), y, bar.note, look.styles.dim);
  }
}

/** Draws the bar itself, to an eighth of a cell where a gap follows; returns the column after it. */
function paintLength(
  grid: CellGrid,
  x: number,
  y: number,
  length: number,
  negative: boolean,
  { look, pitch, barWidth }: BarContext,
): number {
  const style = (cell: number): number =>
    negative ? look.styles.warn : look.ramp('bars', cell / Math.max(1, barWidth - 1));
  if (pitch === 1 || !look.unicode) {
    // Seven eighths high: without a gap, full blocks of neighbours would run into one another.
    const cells = Math.max(length > 0 ? 1 : 0, Math.round(length));
    for (let cell = 0; cell < cells; cell++) grid.put(x + cell, y, look.unicode ? '▇' : '=', style(cell));
    return x + cells;
  }
  const eighths = Math.max(length > 0 ? 1 : 0, Math.round(length * 8));
  const whole = Math.floor(eighths / 8);
  const rest = EIGHTHS[eighths % 8]!;
  for (let line = y; line < y + pitch - 1; line++) {
    for (let cell = 0; cell < whole; cell++) grid.put(x + cell, line, '█', style(cell));
    if (rest) grid.put(x + whole, line, rest, style(whole));
  }
  return x + whole + (rest ? 1 : 0);
}
