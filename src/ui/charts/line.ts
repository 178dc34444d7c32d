import { CellGrid, type Size } from '../terminal/cells.js';
import { formatCount } from '../text/numbers.js';
import { textWidth, truncateText } from '../text/width.js';
import type { Look } from './look.js';

/** One line over time. */
export interface LineSeries {
  readonly label: string;
  /** Oldest first; NaN leaves a gap. */
  readonly values: readonly number[];
  /** Number of its colour; its place when absent. */
  readonly color?: number;
}

/** What {@link paintLines} draws. */
export interface LinesData {
  readonly series: readonly LineSeries[];
}

/** Bit of each dot of a braille cell: two columns, four rows. @see Unicode block 2800-28FF */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];
/** Bound of lines that can be told apart. */
const MAX_SERIES = 8;

/** Lines in braille dots (eight to a cell) with a scale at the left and a legend below; ASCII stars elsewhere. */
export function paintLines(data: LinesData, size: Size, look: Look): CellGrid {
  const grid = new CellGrid(size.columns, size.rows);
  const series = data.series.slice(0, MAX_SERIES).filter((one) => one.values.some(Number.isFinite));
  const all = series.flatMap((one) => one.values.filter(Number.isFinite));
  if (all.length === 0 || size.rows < 2 || size.columns < 12) return grid;
  const legendRows = size.rows >= 5 ? 1 : 0;
  const plot = { columns: size.columns - 7, rows: size.rows - legendRows };
  const low = Math.min(...all);
  const high = Math.max(...all);
  paintScale(grid, plot.rows, low, high, look);
  const canvas = makeCanvas(plot.columns, plot.rows);
  const longest = Math.max(...series.map(({ values }) => values.length));
  series.forEach((one, index) => {
    plotLine(canvas, one, { low, high, longest }, one.color ?? index);
  });
  for (let y = 0; y < plot.rows; y++) {
    for (let x = 0; x < plot.columns; x++) {
      const bits = canvas.bits[y * plot.columns + x]!;
      if (bits === 0) continue;
      const glyph = look.unicode ? String.fromCharCode(0x2800 + bits) : '*';
      grid.put(x + 7, y, glyph, look.series(canvas.owner[y * plot.columns + x]!));
    }
  }
  if (legendRows > 0) paintLegend(grid, series, look);
  return grid;
}

interface Canvas extends Size {
  readonly bits: Uint8Array;
  readonly owner: Uint8Array;
}

function makeCanvas(columns: number, rows: number): Canvas {
  return { columns, rows, bits: new Uint8Array(columns * rows), owner: new Uint8Array(columns * rows) };
}

function paintScale(grid: CellGrid, rows: number, low: number, high: number, look: Look): void {
  grid.put(0, 0, formatCount(high).padStart(6), look.styles.dim);
  grid.put(0, rows - 1, formatCount(low).padStart(6), look.styles.dim);
}

/** What all lines of a chart share. */
interface Scale {
  readonly low: number;
  readonly high: number;
  /** Values of the longest line: a shorter one begins later, and all end together. */
  readonly longest: number;
}

function plotLine(canvas: Canvas, { values }: LineSeries, { low, high, longest }: Scale, index: number): void {
  const [width, height] = [canvas.columns * 2, canvas.rows * 4];
  const shown = values.slice(-width);
  const slots = Math.min(longest, width);
  const scaleX = slots > 1 ? (width - 1) / (slots - 1) : 0;
  const first = slots - shown.length;
  const dotY = (value: number): number =>
    high === low ? height >> 1 : Math.round((1 - (value - low) / (high - low)) * (height - 1));
  let before: readonly [x: number, y: number] | undefined;
  shown.forEach((value, at) => {
    if (!Number.isFinite(value)) {
      before = undefined;
      return;
    }
    const here = [Math.round((first + at) * scaleX), dotY(value)] as const;
    stroke(canvas, before ?? here, here, index);
    before = here;
  });
}

/** All dots between two, in steps of the longer side. */
function stroke(
  canvas: Canvas,
  [fromX, fromY]: readonly [number, number],
  [toX, toY]: readonly [number, number],
  index: number,
): void {
  const steps = Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY), 1);
  for (let step = 0; step <= steps; step++) {
    const x = Math.round(fromX + ((toX - fromX) * step) / steps);
    const y = Math.round(fromY + ((toY - fromY) * step) / steps);
    const cell = (y >> 2) * canvas.columns + (x >> 1);
    canvas.bits[cell]! |= DOTS[y & 3]![x & 1]!;
    canvas.owner[cell] = index;
  }
}

function paintLegend(grid: CellGrid, series: readonly LineSeries[], look: Look): void {
  let x = 7;
  const y = grid.rows - 1;
  series.forEach((one, index) => {
    const label = truncateText(one.label, 16, look.unicode ? '…' : '~');
    if (x + textWidth(label) + 2 > grid.columns) return;
    x = grid.put(x, y, look.unicode ? '● ' : '* ', look.series(one.color ?? index));
    x = grid.put(x, y, label, look.styles.dim) + 2;
  });
}
