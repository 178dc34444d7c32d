import { CellGrid, type Size } from '../terminal/cells.js';
import { formatCount } from '../text/numbers.js';
import type { Look } from './look.js';

/** What {@link paintSparkline} draws: one number per step of time, oldest first. */
export interface SparklineData {
  readonly values: readonly number[];
  /** Whether the scale is written at the left edge. */
  readonly axis?: boolean;
}

const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_LEVELS = ['.', ':', '#'];
/** Widest a single value is drawn when there are few of them. */
const MAX_STRETCH = 4;

/**
 * A filled area over time, the newest value at the right edge, scaled to the largest value shown. Each cell is
 * resolved into eight levels.
 */
export function paintSparkline(data: SparklineData, size: Size, look: Look): CellGrid {
  const grid = new CellGrid(size.columns, size.rows);
  if (size.rows === 0 || size.columns === 0) return grid;
  const axisWidth = data.axis && size.rows >= 3 && size.columns >= 24 ? 6 : 0;
  const room = size.columns - axisWidth;
  const stretch = Math.max(1, Math.min(MAX_STRETCH, Math.floor(room / Math.max(1, data.values.length))));
  const values = data.values.slice(-Math.floor(room / stretch)).map((value) => (Number.isFinite(value) ? value : 0));
  const largest = Math.max(0, ...values);
  if (axisWidth > 0) paintAxis(grid, largest, look);
  const start = size.columns - values.length * stretch;
  values.forEach((value, index) => {
    for (let step = 0; step < stretch; step++) {
      paintColumn(grid, start + index * stretch + step, largest > 0 ? value / largest : 0, look);
    }
  });
  return grid;
}

function paintAxis(grid: CellGrid, largest: number, look: Look): void {
  const label = (value: number): string => formatCount(value).padStart(5);
  grid.put(0, 0, label(largest), look.styles.dim);
  if (grid.rows >= 5) grid.put(0, Math.floor((grid.rows - 1) / 2), label(largest / 2), look.styles.dim);
  grid.put(0, grid.rows - 1, label(0), look.styles.dim);
}

function paintColumn(grid: CellGrid, x: number, share: number, look: Look): void {
  const levels = look.unicode ? LEVELS : ASCII_LEVELS;
  const height = share * grid.rows;
  for (let row = 0; row < grid.rows; row++) {
    const y = grid.rows - 1 - row;
    const filled = Math.min(1, height - row);
    const level = Math.round(filled * levels.length);
    const style = look.ramp('area', grid.rows === 1 ? share : row / (grid.rows - 1));
    if (level > 0) grid.put(x, y, levels[level - 1]!, style);
    // A base line shows where time went by without rows.
    else if (row === 0) grid.put(x, y, look.unicode ? '▁' : '_', look.styles.border);
  }
}

/** A sparkline of one line as text, for table cells: `▁▃▅█`. */
export function sparkText(values: readonly number[], width: number, unicode: boolean): string {
  const shown = values.slice(-width).filter(Number.isFinite);
  if (shown.length === 0) return '';
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const levels = unicode ? LEVELS : ['_', '.', '-', '^'];
  const level = (value: number): number =>
    high === low ? Math.floor(levels.length / 2) : Math.round(((value - low) / (high - low)) * (levels.length - 1));
  return shown.map((value) => levels[level(value)]!).join('');
}
