import type { CellStyle } from '../terminal/cell-style.js';
import { NO_STYLE } from '../terminal/cell-style.js';
import type { CellGrid } from '../terminal/cells.js';
import { styleSequence } from '../terminal/paint-diff.js';
import type { ColorDepth } from '../text/style.js';

/**
 * A grid as lines of text without spaces at their ends, ending in a line feed.
 * @param color with a depth, the colours as escape sequences, each line complete in itself.
 */
export function frameText(grid: CellGrid, color: ColorDepth = 0): string {
  let text = '';
  for (let y = 0; y < grid.rows; y++) text += `${color === 0 ? plainLine(grid, y) : colorLine(grid, y, color)}\n`;
  return text;
}

function plainLine(grid: CellGrid, y: number): string {
  let line = '';
  for (let x = 0; x < grid.columns; x++) line += grid.textAt(x, y);
  return line.trimEnd();
}

function colorLine(grid: CellGrid, y: number, color: ColorDepth): string {
  let end = grid.columns;
  while (end > 0 && grid.isBlank(end - 1, y)) end--;
  let line = '';
  let style: CellStyle = NO_STYLE;
  for (let x = 0; x < end; x++) {
    const next = grid.styleAt(x, y);
    if (next !== style) line += styleSequence(next, color);
    style = next;
    line += grid.textAt(x, y);
  }
  return style === NO_STYLE ? line : line + styleSequence(NO_STYLE, color);
}
