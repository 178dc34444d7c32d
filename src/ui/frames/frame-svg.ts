import {
  BOLD,
  backgroundOf,
  type CellStyle,
  DIM,
  foregroundOf,
  INVERSE,
  ITALIC,
  UNDERLINE,
} from '../terminal/cell-style.js';
import type { CellGrid } from '../terminal/cells.js';
import { hexOf } from '../terminal/palette.js';

/** Size of a cell and of the margin around the picture, in SVG units. */
const CELL_WIDTH = 9;
const CELL_HEIGHT = 19;
const FONT_SIZE = 15;
const MARGIN = 16;
const TITLE_HEIGHT = 30;
/** Where the base line of a text stands in its cell. */
const BASE_LINE = 14.5;

const GROUND = '#0b1020';
const INK = '#d7dcea';
const EDGE = '#1e2740';
const FONTS = "ui-monospace,'SF Mono',Menlo,'Cascadia Mono','DejaVu Sans Mono',Consolas,monospace";

const BLOCKS = '▏▎▍▌▋▊▉█';
const LEVELS = '▁▂▃▄▅▆▇█';
/** Lines of a frame as paths through a cell, from 0 to 1 in both directions. */
const LINES: Readonly<Record<string, (x: number, y: number, w: number, h: number) => string>> = {
  '│': (x, y, w, h) => `M${x + w / 2} ${y}v${h}`,
  '╭': (x, y, w, h) => `M${x + w / 2} ${y + h}v${-h / 4}q0 ${-h / 4} ${w / 2} ${-h / 4}`,
  '╮': (x, y, w, h) => `M${x} ${y + h / 2}q${w / 2} 0 ${w / 2} ${h / 4}v${h / 4}`,
  '╰': (x, y, w, h) => `M${x + w / 2} ${y}v${h / 4}q0 ${h / 4} ${w / 2} ${h / 4}`,
  '╯': (x, y, w, h) => `M${x} ${y + h / 2}q${w / 2} 0 ${w / 2} ${-h / 4}v${-h / 4}`,
};

/**
 * A grid as an SVG picture of a terminal window. Blocks are drawn as rectangles, so that they join without seams in
 * every font; text keeps to its cells by its stated length.
 * @param title said in the window's upper edge.
 */
export function frameSvg(grid: CellGrid, title = ''): string {
  const width = round(grid.columns * CELL_WIDTH + 2 * MARGIN);
  const height = round(grid.rows * CELL_HEIGHT + 2 * MARGIN + TITLE_HEIGHT);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<rect width="${width}" height="${height}" rx="10" fill="${GROUND}"/>`,
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="10" fill="none" stroke="${EDGE}"/>`,
    ...['#f87171', '#fbbf24', '#34d399'].map(
      (fill, at) => `<circle cx="${20 + at * 20}" cy="19" r="6" fill="${fill}"/>`,
    ),
    `<g font-family="${FONTS}" font-size="${FONT_SIZE}" fill="${INK}" xml:space="preserve">`,
  ];
  if (title) {
    const label = `<text x="${round(width / 2)}" y="24" text-anchor="middle" fill="#8a91a5">${escapeXml(title)}</text>`;
    parts.push(label);
  }
  for (let y = 0; y < grid.rows; y++) parts.push(...rowSvg(grid, y));
  parts.push('</g>', '</svg>');
  return `${parts.join('\n')}\n`;
}

/** What a cell is drawn as. */
type Kind = 'text' | 'block' | 'line';

interface Run {
  readonly x: number;
  readonly style: CellStyle;
  readonly kind: Kind;
  text: string;
  cells: number;
}

function rowSvg(grid: CellGrid, y: number): string[] {
  const shapes: string[] = [];
  const texts: string[] = [];
  for (const run of runsOf(grid, y)) {
    const background = run.style & INVERSE ? (hexOf(foregroundOf(run.style)) ?? INK) : hexOf(backgroundOf(run.style));
    if (background) shapes.push(rectangle(run.x, y, run.cells, { height: 1, width: 1 }, background));
    if (run.text.trim() === '') continue;
    if (run.kind === 'block') shapes.push(...blockShapes(run, y));
    else if (run.kind === 'line') shapes.push(linePath(run, y));
    else texts.push(textSvg(run, y));
  }
  return [...shapes, ...texts];
}

/** Neighbouring cells of one style and kind. */
function runsOf(grid: CellGrid, y: number): Run[] {
  const runs: Run[] = [];
  for (let x = 0; x < grid.columns; x++) {
    if (grid.isRightHalf(x, y)) continue;
    const text = grid.textAt(x, y);
    const style = grid.styleAt(x, y);
    const kind = kindOf(text);
    const cells = grid.isRightHalf(x + 1, y) ? 2 : 1;
    const last = runs.at(-1);
    if (last && last.style === style && last.kind === kind && last.x + last.cells === x) {
      last.text += text;
      last.cells += cells;
    } else if (text !== ' ' || backgroundOf(style) !== 0 || style & INVERSE) runs.push({ x, style, kind, text, cells });
  }
  return runs;
}

function kindOf(text: string): Kind {
  if (BLOCKS.includes(text) || LEVELS.includes(text)) return 'block';
  return text === '─' || text in LINES ? 'line' : 'text';
}

function fillOf(style: CellStyle): string {
  if (style & INVERSE) return hexOf(backgroundOf(style)) ?? GROUND;
  return hexOf(foregroundOf(style)) ?? INK;
}

/** Rectangles of a run of block elements; equal neighbours are joined. */
function blockShapes(run: Run, y: number): string[] {
  const shapes: string[] = [];
  for (let at = 0; at < run.text.length; ) {
    const glyph = run.text[at]!;
    let next = at + 1;
    const high = LEVELS.indexOf(glyph) + 1;
    if (high > 0) while (run.text[next] === glyph) next++;
    const part = high > 0 ? { height: high / 8, width: 1 } : { height: 1, width: (BLOCKS.indexOf(glyph) + 1) / 8 };
    shapes.push(rectangle(run.x + at, y, next - at, part, fillOf(run.style)));
    at = next;
  }
  return shapes;
}

/** A rectangle over `columns` cells, of which `part` is filled from the lower left corner. */
function rectangle(
  x: number,
  y: number,
  columns: number,
  part: { readonly height: number; readonly width: number },
  fill: string,
): string {
  const left = MARGIN + x * CELL_WIDTH;
  const top = TITLE_HEIGHT + MARGIN + (y + 1 - part.height) * CELL_HEIGHT;
  const size = `width="${round(columns * part.width * CELL_WIDTH)}" height="${round(part.height * CELL_HEIGHT)}"`;
  return `<rect x="${round(left)}" y="${round(top)}" ${size} fill="${fill}" shape-rendering="crispEdges"/>`;
}

function linePath(run: Run, y: number): string {
  const top = TITLE_HEIGHT + MARGIN + y * CELL_HEIGHT;
  let path = '';
  for (let at = 0; at < run.text.length; ) {
    const x = MARGIN + (run.x + at) * CELL_WIDTH;
    const draw = LINES[run.text[at]!];
    let next = at + 1;
    if (draw) path += draw(x, top, CELL_WIDTH, CELL_HEIGHT);
    else {
      while (run.text[next] === '─') next++;
      path += `M${x} ${top + CELL_HEIGHT / 2}h${(next - at) * CELL_WIDTH}`;
    }
    at = next;
  }
  return `<path d="${path}" fill="none" stroke="${fillOf(run.style)}"/>`;
}

function textSvg(run: Run, y: number): string {
  const text = run.text.trimEnd();
  const cells = run.cells - (run.text.length - text.length);
  const x = round(MARGIN + run.x * CELL_WIDTH);
  const baseY = round(TITLE_HEIGHT + MARGIN + y * CELL_HEIGHT + BASE_LINE);
  const fill = fillOf(run.style);
  const look = [
    fill === INK ? '' : ` fill="${fill}"`,
    run.style & BOLD ? ' font-weight="700"' : '',
    run.style & ITALIC ? ' font-style="italic"' : '',
    run.style & UNDERLINE ? ' text-decoration="underline"' : '',
    run.style & DIM ? ' opacity=".6"' : '',
  ].join('');
  const length = ` textLength="${round(cells * CELL_WIDTH)}" lengthAdjust="spacingAndGlyphs"`;
  return `<text x="${x}" y="${baseY}"${look}${length}>${escapeXml(text)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (found) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[found]!);
}
