import type { ColorDepth } from '../text/style.js';
import { ATTRIBUTES, backgroundOf, type CellStyle, foregroundOf, NO_STYLE } from './cell-style.js';
import type { CellGrid } from './cells.js';
import { colorParameters } from './palette.js';

/** How cells become bytes. */
export interface WriterOptions {
  readonly color: ColorDepth;
  /** False: whatever is not ASCII is written as `?`. */
  readonly unicode: boolean;
}

/** Goes before each update, so that terminals that know it show the update as a whole. */
export const BEGIN_SYNCHRONIZED = '\u001b[?2026h';
/** Goes after each update. */
export const END_SYNCHRONIZED = '\u001b[?2026l';

/** Unchanged cells that are cheaper to write again than to jump over. */
const GAP = 4;

/** Writes runs of cells and knows which style the terminal has at the moment. */
class Pen {
  #text = '';
  #style: CellStyle | undefined;
  readonly #options: WriterOptions;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get text(): string {
    return this.#text;
  }

  move(x: number, y: number): void {
    this.#text += x === 0 && y === 0 ? '\u001b[H' : `\u001b[${y + 1};${x + 1}H`;
  }

  style(style: CellStyle): void {
    if (style === this.#style) return;
    this.#style = style;
    this.#text += styleSequence(style, this.#options.color);
  }

  glyph(text: string, wide: boolean): void {
    const shown = this.#options.unicode || isAscii(text);
    this.#text += shown ? text : wide ? '??' : '?';
  }

  raw(sequence: string): void {
    this.#text += sequence;
  }
}

function isAscii(text: string): boolean {
  return text.length === 1 && text <= '~';
}

/** SGR sequence that replaces whatever style was set before. */
export function styleSequence(style: CellStyle, color: ColorDepth): string {
  if (style === NO_STYLE) return '\u001b[0m';
  const parameters = ['0'];
  for (const [bit, parameter] of ATTRIBUTES) if (style & bit) parameters.push(String(parameter));
  const glyph = colorParameters(foregroundOf(style), color, false);
  const ground = colorParameters(backgroundOf(style), color, true);
  if (glyph) parameters.push(glyph);
  if (ground) parameters.push(ground);
  return `\u001b[${parameters.join(';')}m`;
}

/**
 * Escape sequences that make a terminal which shows `before` show `after`.
 * @param before undefined when nobody knows what the terminal shows: it is cleared first.
 * @returns an empty string when nothing changed.
 */
export function paintDiff(before: CellGrid | undefined, after: CellGrid, options: WriterOptions): string {
  const known = before && before.columns === after.columns && before.rows === after.rows ? before : undefined;
  const pen = new Pen(options);
  if (!known) {
    pen.style(NO_STYLE);
    pen.raw('\u001b[H\u001b[2J');
  }
  for (let y = 0; y < after.rows; y++) paintRow(pen, known, after, y);
  if (pen.text === '') return '';
  pen.style(NO_STYLE);
  return pen.text;
}

function paintRow(pen: Pen, before: CellGrid | undefined, after: CellGrid, y: number): void {
  const unchanged = (x: number): boolean => (before ? after.sameAt(before, x, y) : after.isBlank(x, y));
  const lastMark = lastInkedColumn(after, y);
  /** Column where the terminal's cursor surely is, -1 when unsure. */
  let cursor = -1;
  for (let x = 0; x < after.columns; ) {
    if (unchanged(x) || after.isRightHalf(x, y)) {
      // The right half is written with its glyph; where only it differs, the glyph to the left differs too.
      x++;
      continue;
    }
    if (x > lastMark) {
      pen.move(x, y);
      pen.style(NO_STYLE);
      pen.raw('\u001b[K');
      return;
    }
    if (cursor < 0 || x - cursor > GAP || !sameRun(after, cursor, x, y)) pen.move(x, y);
    else for (let at = cursor; at < x; at++) drawCell(pen, after, at, y);
    const wide = drawCell(pen, after, x, y);
    x += wide ? 2 : 1;
    // Terminals disagree about the width of rare glyphs: after one, the place is said again.
    cursor = wide || after.textAt(x - 1, y).length > 1 ? -1 : x;
  }
}

/** Whether the cells between `from` and `to` are narrow, so that they can simply be written again. */
function sameRun(grid: CellGrid, from: number, to: number, y: number): boolean {
  for (let x = from; x < to; x++) {
    if (grid.textAt(x, y).length !== 1 || grid.isRightHalf(x + 1, y)) return false;
  }
  return true;
}

/** Writes the glyph at (x, y); true when it fills two cells. */
function drawCell(pen: Pen, grid: CellGrid, x: number, y: number): boolean {
  const wide = grid.isRightHalf(x + 1, y);
  pen.style(grid.styleAt(x, y));
  pen.glyph(grid.textAt(x, y), wide);
  return wide;
}

function lastInkedColumn(grid: CellGrid, y: number): number {
  let x = grid.columns - 1;
  while (x >= 0 && grid.isBlank(x, y)) x--;
  return x;
}
