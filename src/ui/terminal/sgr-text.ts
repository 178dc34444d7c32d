import { ATTRIBUTES, backgroundOf, type CellStyle, cellStyle, foregroundOf, NO_STYLE } from './cell-style.js';
import { CellGrid, type Size } from './cells.js';

const SEQUENCE = /\u001b\[([\d;:]*)m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** Closing parameter of each attribute bit, as Ink's tokenizer pairs them. */
const CLOSING: Readonly<Record<number, number>> = { 1: 22, 2: 22, 3: 23, 4: 24, 7: 27 };

/**
 * `text` wrapped in SGR sequences whose colour numbers are those of our palette, so that a style can travel through a
 * layout engine that knows text only. {@link gridFromSgr} reads it back.
 */
export function sgrText(text: string, style: CellStyle): string {
  if (style === NO_STYLE || text === '') return text;
  let open = '';
  let close = '';
  for (const [bit, parameter] of ATTRIBUTES) {
    if (!(style & bit)) continue;
    open += `\u001b[${parameter}m`;
    close = `\u001b[${CLOSING[parameter]}m${close}`;
  }
  if (foregroundOf(style)) {
    open += `\u001b[38;5;${foregroundOf(style)}m`;
    close = `\u001b[39m${close}`;
  }
  if (backgroundOf(style)) {
    open += `\u001b[48;5;${backgroundOf(style)}m`;
    close = `\u001b[49m${close}`;
  }
  return open + text + close;
}

/** The cells of lines written with {@link sgrText}; what finds no room is cut off, other escapes are left out. */
export function gridFromSgr(text: string, size: Size): CellGrid {
  const grid = new CellGrid(size.columns, size.rows);
  let style = NO_STYLE;
  text.split('\n').forEach((line, y) => {
    let x = 0;
    let at = 0;
    for (const found of line.matchAll(SEQUENCE)) {
      x = grid.put(x, y, line.slice(at, found.index), style);
      at = found.index + found[0].length;
      if (found[1] !== undefined) style = applySgr(style, found[1]);
    }
    grid.put(x, y, line.slice(at), style);
  });
  return grid;
}

function applySgr(style: CellStyle, list: string): CellStyle {
  const parameters = list === '' ? [0] : list.split(/[;:]/).map(Number);
  let next = style;
  for (let at = 0; at < parameters.length; at++) {
    const parameter = parameters[at]!;
    if ((parameter === 38 || parameter === 48) && parameters[at + 1] === 5) {
      const color = parameters[at + 2] ?? 0;
      next = parameter === 38 ? recolor(next, color, backgroundOf(next)) : recolor(next, foregroundOf(next), color);
      at += 2;
    } else next = applyOne(next, parameter);
  }
  return next;
}

function recolor(style: CellStyle, foreground: number, background: number): CellStyle {
  return cellStyle(foreground, background, style & ~0xffff);
}

function applyOne(style: CellStyle, parameter: number): CellStyle {
  if (parameter === 0) return NO_STYLE;
  if (parameter === 39) return recolor(style, 0, backgroundOf(style));
  if (parameter === 49) return recolor(style, foregroundOf(style), 0);
  let next = style;
  for (const [bit, open] of ATTRIBUTES) {
    if (parameter === open) next |= bit;
    else if (parameter === CLOSING[open]) next &= ~bit;
  }
  return next;
}
