import type { Look } from '../charts/look.js';
import { insideFrame, paintFrame } from '../charts/panel.js';
import type { CellGrid } from '../terminal/cells.js';

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['q, Ctrl-C', 'leave'],
  ['p, space', 'hold the picture, and go on'],
  ['tab, 1-9', 'turn to the results of another sink'],
  ['s', 'sort by the next column'],
  ['S', 'turn the order around'],
  ['/', 'show only keys that contain a text'],
  ['Esc', 'take the filter away'],
  ['arrows, j k', 'scroll the table'],
  ['?', 'close this help'],
];

/** Lays the list of keys over the middle of a dashboard. */
export function paintHelp(grid: CellGrid, look: Look): void {
  const columns = Math.min(grid.columns, 54);
  const rows = Math.min(grid.rows, KEYS.length + 2);
  const area = { x: (grid.columns - columns) >> 1, y: (grid.rows - rows) >> 1, columns, rows };
  grid.fill(area);
  paintFrame(grid, area, look.say('Keys'), '', look);
  const inside = insideFrame(area);
  KEYS.slice(0, inside.rows).forEach(([keys, meaning], at) => {
    grid.put(inside.x, inside.y + at, look.say(keys), look.styles.key, inside.columns);
    grid.put(inside.x + 13, inside.y + at, look.say(meaning), look.styles.plain, inside.columns - 13);
  });
}
