import type { CellGrid, Rectangle } from '../terminal/cells.js';
import { textWidth, truncateText } from '../text/width.js';
import type { Look } from './look.js';

/** Draws a frame along the edge of a rectangle with its title in the upper line and a remark at the right. */
export function paintFrame(grid: CellGrid, area: Rectangle, title: string, remark: string, look: Look): void {
  const { x, y, columns, rows } = area;
  if (columns < 4 || rows < 2) return;
  const [flat, tall, corners] = look.unicode ? ['─', '│', '╭╮╰╯'] : ['-', '|', '++++'];
  const style = look.styles.border;
  const [right, bottom] = [x + columns - 1, y + rows - 1];
  grid.fill({ x, y, columns, rows: 1 }, flat, style);
  grid.fill({ x, y: bottom, columns, rows: 1 }, flat, style);
  grid.fill({ x, y, columns: 1, rows }, tall, style);
  grid.fill({ x: right, y, columns: 1, rows }, tall, style);
  const places = [
    [x, y],
    [right, y],
    [x, bottom],
    [right, bottom],
  ] as const;
  places.forEach(([cornerX, cornerY], at) => {
    grid.put(cornerX, cornerY, corners[at]!, style);
  });
  const room = columns - 6;
  const shown = truncateText(title, room, look.unicode ? '…' : '~');
  const end = shown ? grid.put(x + 2, y, ` ${shown} `, look.styles.heading) : x + 2;
  const width = textWidth(remark) + 2;
  if (remark && right - 1 - width > end) grid.put(right - 1 - width, y, ` ${remark} `, look.styles.dim);
}

/** What is left of a framed rectangle for its content: a cell on each side, two at the left and right. */
export function insideFrame({ x, y, columns, rows }: Rectangle): Rectangle {
  return { x: x + 2, y: y + 1, columns: Math.max(0, columns - 4), rows: Math.max(0, rows - 2) };
}
