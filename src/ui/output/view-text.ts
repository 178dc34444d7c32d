import { paint, type Style, type Tone } from '../text/style.js';
import { padText, textWidth, truncateText } from '../text/width.js';
import { stringifyJson } from './json.js';
import type { Cell, DetailsView, TableView, ToneCell, View } from './view.js';

/** Narrowest a column may become when the terminal is too small for all of it. */
const MIN_COLUMN = 6;

/**
 * A view for people, ending in a line feed. On a terminal a table has lines and no row wider than the screen (long
 * cells end in an ellipsis); in a pipe it is aligned by spaces and complete, so that `awk` and `grep` see everything.
 * @param wide whether columns marked so are shown.
 */
export async function viewText(view: View, style: Style, wide: boolean): Promise<string> {
  switch (view.kind) {
    case 'lines':
      return view.lines.map((line) => `${line}\n`).join('');
    case 'details':
      return detailsText(view, style);
    case 'table':
      return tableText(view, style, wide);
    case 'sections': {
      const parts: string[] = [];
      for (const section of view.sections) {
        const title = section.title ? `${paint(section.title, 'strong', style)}\n` : '';
        parts.push(title + (await viewText(section.view, style, wide)));
      }
      return parts.join('\n');
    }
  }
}

/** Values with tabs between; tabs, line feeds and backslashes in them are written `\t`, `\n`, `\\`. */
export function viewTsv(view: View): string {
  switch (view.kind) {
    case 'lines':
      return view.lines.map((line) => `${line}\n`).join('');
    case 'details':
      return view.entries.map(([name, value]) => `${name}\t${tsvCell(value)}\n`).join('');
    case 'table':
      return [view.columns.map((column) => column.key), ...view.rows.map((row) => row.map(tsvCell))]
        .map((cells) => `${cells.join('\t')}\n`)
        .join('');
    case 'sections':
      return view.sections.map((section) => viewTsv(section.view)).join('\n');
  }
}

function isToned(cell: Cell): cell is ToneCell {
  return typeof cell === 'object' && cell !== null && !Array.isArray(cell) && 'value' in cell;
}

function valueText(value: unknown, missing: string): string {
  if (value === null || value === undefined) return missing;
  return typeof value === 'object' ? stringifyJson(value) : String(value);
}

function tsvCell(cell: Cell): string {
  const text = valueText(isToned(cell) ? cell.value : cell, '');
  return text.replace(/[\\\t\n\r]/g, (found) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[found]!);
}

/** A cell for people; control characters from outside must not steer the terminal. */
function cellText(cell: Cell): string {
  const text = isToned(cell) ? (cell.text ?? valueText(cell.value, '-')) : valueText(cell, '-');
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function toneOf(cell: Cell): Tone {
  return isToned(cell) ? (cell.tone ?? 'plain') : 'plain';
}

function detailsText({ entries }: DetailsView, style: Style): string {
  const width = Math.max(0, ...entries.map(([name]) => textWidth(name)));
  return entries
    .map(([name, cell]) => {
      const value = cellText(cell);
      return `${paint(padText(`${name}:`, width + 1), 'dim', style)}  ${paint(value, toneOf(cell), style)}\n`;
    })
    .join('');
}

async function tableText(view: TableView, style: Style, wide: boolean): Promise<string> {
  const shown = view.columns.map((_, at) => at).filter((at) => wide || !view.columns[at]!.wide);
  const cells = view.rows.map((row) => shown.map((at) => row[at]));
  const titles = shown.map((at) => view.columns[at]!.title ?? view.columns[at]!.key.toUpperCase());
  const right = shown.map((at, place) => {
    const { align } = view.columns[at]!;
    return align ? align === 'right' : isNumeric(cells.map((row) => row[place]));
  });
  const text = style.terminal ? await ruledText(titles, cells, right, style) : alignedText(titles, cells, right);
  return view.footer ? `${text}${paint(view.footer, 'dim', style)}\n` : text;
}

function isNumeric(cells: readonly Cell[]): boolean {
  const values = cells.map((cell) => (isToned(cell) ? cell.value : cell)).filter((value) => (value ?? null) !== null);
  return values.length > 0 && values.every((value) => typeof value === 'number' || typeof value === 'bigint');
}

function alignedText(titles: readonly string[], rows: readonly Cell[][], right: readonly boolean[]): string {
  const all = [[...titles], ...rows.map((row) => row.map(cellText))];
  const widths = titles.map((_, at) => Math.max(...all.map((row) => textWidth(row[at]!))));
  const line = (row: string[]): string =>
    row.map((text, at) => padText(text, widths[at]!, right[at] ? 'right' : 'left')).join('  ');
  return all.map((row) => `${line(row).trimEnd()}\n`).join('');
}

async function ruledText(
  titles: readonly string[],
  rows: readonly Cell[][],
  right: readonly boolean[],
  style: Style,
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const widths = fitWidths([titles, ...rows.map((row) => row.map(cellText))], style.columns - 3 * titles.length - 1);
  const ellipsis = style.unicode ? '…' : '~';
  const cut = (text: string, at: number): string => truncateText(text, widths[at]!, ellipsis);
  const table = new Table({
    head: titles.map((title, at) => paint(cut(title, at), 'strong', style)),
    colAligns: right.map((isRight) => (isRight ? 'right' : 'left')),
    style: { head: [], border: [], compact: true, 'padding-left': 1, 'padding-right': 1 },
    chars: ruleCharacters(style),
  });
  for (const row of rows) table.push(row.map((cell, at) => paint(cut(cellText(cell), at), toneOf(cell), style)));
  return `${table.toString()}\n`;
}

function ruleCharacters(style: Style): Record<string, string> {
  const [flat, tall, corners] = style.unicode ? ['─', '│', '╭┬╮├┼┤╰┴╯'] : ['-', '|', '+++++++++'];
  const line = (text: string): string => paint(text, 'dim', style);
  const places = 'top-left top-mid top-right left-mid mid-mid right-mid bottom-left bottom-mid bottom-right'.split(' ');
  const chars: Record<string, string> = { left: line(tall), right: line(tall), middle: line(tall) };
  Array.from(corners).forEach((corner, at) => {
    chars[places[at]!] = line(corner);
  });
  for (const place of ['top', 'mid', 'bottom']) chars[place] = line(flat);
  return chars;
}

/** Widths that find room together: the widest columns give way first. */
function fitWidths(rows: readonly (readonly string[])[], room: number): number[] {
  const widths = rows[0]!.map((_, at) => Math.max(1, ...rows.map((row) => textWidth(row[at]!))));
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= MIN_COLUMN) break;
    widths[widest]!--;
    excess--;
  }
  return widths;
}
