import { graphemesOf, graphemeWidth } from '../text/width.js';
import { type CellStyle, NO_STYLE } from './cell-style.js';

/** Size in cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A part of a grid, in cells from its upper left corner. */
export interface Rectangle extends Size {
  readonly x: number;
  readonly y: number;
}

/** What stands in the right half of a wide glyph. */
const CONTINUATION = 0;
const BLANK = 32;
/** Set in glyph numbers that name a cluster of several code points. */
const CLUSTER_BIT = 0x8000_0000;
/** Bound of different clusters remembered; later ones lose their combining marks. */
const MAX_CLUSTERS = 4096;

const clusters: string[] = [];
const clusterNumbers = new Map<string, number>();

function glyphOf(grapheme: string): number {
  const first = grapheme.codePointAt(0)!;
  if (grapheme.length === (first > 0xffff ? 2 : 1)) return first;
  let number = clusterNumbers.get(grapheme);
  if (number === undefined) {
    if (clusters.length >= MAX_CLUSTERS) return first;
    number = clusters.push(grapheme) - 1;
    clusterNumbers.set(grapheme, number);
  }
  return (CLUSTER_BIT | number) >>> 0;
}

function glyphText(glyph: number): string {
  return glyph >= CLUSTER_BIT ? clusters[glyph - CLUSTER_BIT]! : String.fromCodePoint(glyph);
}

/** A picture made of character cells. A wide glyph fills its cell and a continuation cell to the right. */
export class CellGrid implements Size {
  readonly columns: number;
  readonly rows: number;
  readonly #glyphs: Uint32Array;
  readonly #styles: Uint32Array;

  /** An empty grid. */
  constructor(columns: number, rows: number) {
    this.columns = Math.max(0, Math.floor(columns));
    this.rows = Math.max(0, Math.floor(rows));
    this.#glyphs = new Uint32Array(this.columns * this.rows).fill(BLANK);
    this.#styles = new Uint32Array(this.columns * this.rows);
  }

  /** Text of a cell: a grapheme, `' '`, or `''` for the right half of a wide glyph. */
  textAt(x: number, y: number): string {
    const glyph = this.#glyphs[y * this.columns + x]!;
    return glyph === CONTINUATION ? '' : glyphText(glyph);
  }

  /** Style of a cell. */
  styleAt(x: number, y: number): CellStyle {
    return this.#styles[y * this.columns + x]!;
  }

  /** Whether the cell is the right half of a wide glyph; false outside the grid. */
  isRightHalf(x: number, y: number): boolean {
    return x < this.columns && this.#glyphs[y * this.columns + x] === CONTINUATION;
  }

  /** Whether the cell shows nothing at all: a space without background, underline or inversion. */
  isBlank(x: number, y: number): boolean {
    const at = y * this.columns + x;
    return this.#glyphs[at] === BLANK && this.#styles[at] === NO_STYLE;
  }

  /** Whether both grids show the same in this cell. */
  sameAt(other: CellGrid, x: number, y: number): boolean {
    const at = y * this.columns + x;
    const there = y * other.columns + x;
    return this.#glyphs[at] === other.#glyphs[there] && this.#styles[at] === other.#styles[there];
  }

  /**
   * Writes one line of text; what lies outside the grid or beyond `limit` columns is cut off, control characters are
   * left out, and a wide glyph that finds only one column becomes a space.
   * @returns column after the text.
   */
  put(x: number, y: number, text: string, style: CellStyle = NO_STYLE, limit = this.columns - x): number {
    const end = Math.min(this.columns, x + limit);
    let at = x;
    if (y < 0 || y >= this.rows) return at;
    for (const grapheme of graphemesOf(text)) {
      const width = graphemeWidth(grapheme);
      if (width === 0) continue;
      if (at >= end) break;
      if (at >= 0) {
        if (at + width > end) this.#set(at, y, BLANK, style);
        else this.#set(at, y, glyphOf(grapheme), style, width);
      }
      at += width;
    }
    return Math.min(at, Math.max(x, end));
  }

  /** Fills a rectangle with one narrow glyph. */
  fill({ x, y, columns, rows }: Rectangle, glyph = ' ', style: CellStyle = NO_STYLE): void {
    const code = glyph.codePointAt(0)!;
    for (let row = Math.max(0, y); row < Math.min(this.rows, y + rows); row++) {
      for (let column = Math.max(0, x); column < Math.min(this.columns, x + columns); column++) {
        this.#set(column, row, code, style);
      }
    }
  }

  /** Lays another grid over this one with its upper left corner at (x, y). */
  blit(other: CellGrid, x: number, y: number): void {
    for (let row = 0; row < other.rows; row++) {
      for (let column = 0; column < other.columns; column++) {
        const [toX, toY] = [x + column, y + row];
        if (toX < 0 || toX >= this.columns || toY < 0 || toY >= this.rows) continue;
        const from = row * other.columns + column;
        const glyph = other.#glyphs[from]!;
        if (glyph === CONTINUATION) continue;
        const wide = column + 1 < other.columns && other.#glyphs[from + 1] === CONTINUATION;
        if (wide && toX + 1 >= this.columns) this.#set(toX, toY, BLANK, other.#styles[from]!);
        else this.#set(toX, toY, glyph, other.#styles[from]!, wide ? 2 : 1);
      }
    }
  }

  /** Gives every cell of a rectangle another style, keeping its text. */
  restyle({ x, y, columns, rows }: Rectangle, change: (style: CellStyle) => CellStyle): void {
    for (let row = Math.max(0, y); row < Math.min(this.rows, y + rows); row++) {
      for (let column = Math.max(0, x); column < Math.min(this.columns, x + columns); column++) {
        const at = row * this.columns + column;
        this.#styles[at] = change(this.#styles[at]!);
      }
    }
  }

  /** A grid of its own with the same cells. */
  copy(): CellGrid {
    const twin = new CellGrid(this.columns, this.rows);
    twin.#glyphs.set(this.#glyphs);
    twin.#styles.set(this.#styles);
    return twin;
  }

  /** Sets one cell or a wide pair, and leaves no half of a glyph that it covers. */
  #set(x: number, y: number, glyph: number, style: CellStyle, width = 1): void {
    const row = y * this.columns;
    const last = x + width - 1;
    if (this.#glyphs[row + x] === CONTINUATION && x > 0) this.#glyphs[row + x - 1] = BLANK;
    if (last + 1 < this.columns && this.#glyphs[row + last + 1] === CONTINUATION) this.#glyphs[row + last + 1] = BLANK;
    this.#glyphs[row + x] = glyph;
    this.#styles[row + x] = style;
    if (width === 2) {
      this.#glyphs[row + last] = CONTINUATION;
      this.#styles[row + last] = style;
    }
  }
}
