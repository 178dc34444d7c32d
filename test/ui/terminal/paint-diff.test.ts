import xterm from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BOLD, cellStyle, INVERSE, UNDERLINE } from '../../../src/ui/terminal/cell-style.js';
import { CellGrid } from '../../../src/ui/terminal/cells.js';
import { paintDiff } from '../../../src/ui/terminal/paint-diff.js';
import { colorNumber, rampNumber } from '../../../src/ui/terminal/palette.js';

const COLUMNS = 17;
const ROWS = 5;

/** What a real terminal emulator shows, cell by cell, with its attributes. */
async function shownBy(updates: readonly string[], columns = COLUMNS, rows = ROWS): Promise<string[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 });
  for (const update of updates) await new Promise<void>((done) => terminal.write(update, done));
  const lines: string[] = [];
  for (let y = 0; y < rows; y++) {
    const line = terminal.buffer.active.getLine(y)!;
    for (let x = 0; x < columns; x++) {
      const cell = line.getCell(x)!;
      if (cell.getWidth() === 0) continue;
      const flags = [cell.isBold(), cell.isUnderline(), cell.isInverse()].map((flag) => (flag ? 1 : 0)).join('');
      lines.push(`${x},${y} ${cell.getChars() || ' '} ${cell.getFgColor()} ${cell.getBgColor()} ${flags}`);
    }
  }
  terminal.dispose();
  return lines;
}

const style = fc.constantFrom(
  0,
  cellStyle(colorNumber('accent')),
  cellStyle(colorNumber('paper'), colorNumber('violet')),
  cellStyle(rampNumber('bars', 0.3), 0, BOLD),
  cellStyle(0, 0, INVERSE),
  cellStyle(0, 0, UNDERLINE | BOLD),
);
// Glyphs about whose width the emulator's table and ours agree.
const glyph = fc.constantFrom('a', 'Z', ' ', ' ', ' ', '#', 'é', '─', '█', '⣿', '日', '本', '한', 'e\u0301');
const stroke = fc.record({
  x: fc.integer({ min: -2, max: COLUMNS }),
  y: fc.integer({ min: 0, max: ROWS - 1 }),
  text: fc.array(glyph, { maxLength: 12 }).map((glyphs) => glyphs.join('')),
  style,
});
const picture = fc.array(stroke, { maxLength: 12 });

function draw(strokes: readonly { x: number; y: number; text: string; style: number }[]): CellGrid {
  const grid = new CellGrid(COLUMNS, ROWS);
  for (const { x, y, text, style: look } of strokes) grid.put(x, y, text, look);
  return grid;
}

describe('paintDiff', () => {
  it('leaves on a terminal what drawing from nothing leaves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(picture, { minLength: 1, maxLength: 4 }), async (pictures) => {
        const grids = pictures.map(draw);
        const options = { color: 24, unicode: true } as const;
        const updates = grids.map((grid, at) => paintDiff(grids[at - 1], grid, options));
        const last = paintDiff(undefined, grids.at(-1)!, options);
        expect(await shownBy(updates)).toEqual(await shownBy([last]));
      }),
      { numRuns: 150 },
    );
  });

  it('shows the cells of the grid', async () => {
    await fc.assert(
      fc.asyncProperty(picture, async (strokes) => {
        const grid = draw(strokes);
        const shown = await shownBy([paintDiff(undefined, grid, { color: 0, unicode: true })]);
        const wanted: string[] = [];
        for (let y = 0; y < ROWS; y++) {
          for (let x = 0; x < COLUMNS; x++) if (!grid.isRightHalf(x, y)) wanted.push(`${x},${y} ${grid.textAt(x, y)}`);
        }
        expect(shown.map((line) => line.replace(/ -?\d+ -?\d+ \d+$/, ''))).toEqual(wanted);
      }),
      { numRuns: 100 },
    );
  });

  it('writes nothing when nothing changed, and little when little did', () => {
    const grid = draw([{ x: 0, y: 0, text: 'rate 1,234', style: 0 }]);
    expect(paintDiff(grid, grid.copy(), { color: 24, unicode: true })).toBe('');
    const next = grid.copy();
    next.put(5, 0, '1,235');
    expect(paintDiff(grid, next, { color: 24, unicode: true })).toBe('\u001b[1;10H\u001b[0m5');
  });

  it('writes ASCII only where the terminal knows no more', () => {
    const grid = draw([{ x: 0, y: 0, text: '日本─é', style: cellStyle(colorNumber('good')) }]);
    const text = paintDiff(undefined, grid, { color: 4, unicode: false });
    expect(text).toMatch(/^[\u001b\x20-\x7e]*$/);
    expect(text.match(/\?/g)).toHaveLength(6);
    expect(text).toContain('\u001b[0;92m');
  });

  it('clears a terminal whose size changed', () => {
    const text = paintDiff(new CellGrid(3, 2), new CellGrid(4, 2), { color: 0, unicode: true });
    expect(text).toContain('\u001b[2J');
  });
});

describe('CellGrid', () => {
  it('never leaves half of a wide glyph', () => {
    fc.assert(
      fc.property(picture, (strokes) => {
        const grid = draw(strokes);
        for (let y = 0; y < ROWS; y++) {
          expect(grid.isRightHalf(0, y)).toBe(false);
          for (let x = 1; x < COLUMNS; x++) {
            if (grid.isRightHalf(x, y)) expect(grid.isRightHalf(x - 1, y)).toBe(false);
          }
        }
      }),
    );
  });

  it('lays one grid over another', () => {
    const below = draw([{ x: 0, y: 0, text: 'aaaaaaaa', style: 0 }]);
    const above = new CellGrid(4, 1);
    above.put(0, 0, '日x');
    below.blit(above, 1, 0);
    expect([0, 1, 2, 3, 4, 5].map((x) => below.textAt(x, 0))).toEqual(['a', '日', '', 'x', ' ', 'a']);
  });
});
