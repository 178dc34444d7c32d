import { paint, type Style } from '../text/style.js';
import { padText, textWidth, truncateText } from '../text/width.js';
import { stringifyJson } from './json.js';
import type { OutputColumn, OutputTable } from './table-types.js';

/** Narrowest a column may become when the terminal is too small for all of it. */
const MIN_COLUMN = 6;

/**
 * A table for people. On a terminal it has lines and never a row wider than the screen (long cells end in an ellipsis);
 * in a pipe it is aligned by spaces and complete, so that `awk` and `grep` see everything.
 */
export async function tableText(table: OutputTable, style: Style, wide: boolean): Promise<string> {
  const columns = table.columns.filter((column) => wide || !column.wide);
  const cells = table.rows.map((row) => columns.map((column) => cellText(row[column.key])));
  const right = columns.map((column) => goesRight(column, table));
  const titles = columns.map((column) => column.title ?? column.key.toUpperCase());
  if (!style.terminal) return alignedText(titles, cells, right);
  return ruledText(columns, titles, cells, right, style);
}

/** Header and values with tabs between; tabs, line feeds and backslashes in values are escaped as `\t`, `\n`, `\\`. */
export function tableTsv(table: OutputTable): string {
  const header = table.columns.map((column) => column.key).join('\t');
  const lines = table.rows.map((row) => table.columns.map((column) => tsvCell(row[column.key])).join('\t'));
  return [header, ...lines].reduce((text, line) => `${text}${line}\n`, '');
}

function tsvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? stringifyJson(value) : String(value);
  return text.replace(/[\\\t\n\r]/g, (found) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[found]!);
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text = typeof value === 'object' ? stringifyJson(value) : String(value);
  // A control character from outside must not steer the terminal.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function goesRight(column: OutputColumn, table: OutputTable): boolean {
  if (column.align) return column.align === 'right';
  const values = table.rows.map((row) => row[column.key]).filter((value) => value !== null && value !== undefined);
  return values.length > 0 && values.every((value) => typeof value === 'number' || typeof value === 'bigint');
}

function alignedText(titles: readonly string[], rows: readonly string[][], right: readonly boolean[]): string {
  const all = [titles, ...rows];
  const widths = titles.map((_, at) => Math.max(...all.map((row) => textWidth(row[at]!))));
  const lines = all.map((row) =>
    row
      .map((text, at) => padText(text, widths[at]!, right[at] ? 'right' : 'left'))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

async function ruledText(
  columns: readonly OutputColumn[],
  titles: readonly string[],
  rows: readonly string[][],
  right: readonly boolean[],
  style: Style,
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const widths = fitWidths([titles, ...rows], style.columns - 3 * titles.length - 1);
  const ellipsis = style.unicode ? '…' : '~';
  const shown = (text: string, at: number): string => truncateText(text, widths[at]!, ellipsis);
  const line = (text: string): string => paint(text, 'dim', style);
  const table = new Table({
    head: titles.map((title, at) => paint(shown(title, at), 'strong', style)),
    colAligns: right.map((isRight) => (isRight ? 'right' : 'left')),
    style: { head: [], border: [], compact: true, 'padding-left': 1, 'padding-right': 1 },
    chars: ruleCharacters(style.unicode, line),
  });
  for (const row of rows) {
    table.push(row.map((text, at) => paint(shown(text, at), columns[at]!.tones?.[text] ?? 'plain', style)));
  }
  return `${table.toString()}\n`;
}

function ruleCharacters(unicode: boolean, line: (text: string) => string): Record<string, string> {
  const [flat, tall, corners] = unicode ? ['─', '│', '╭┬╮├┼┤╰┴╯'] : ['-', '|', '+++++++++'];
  const corner = Array.from(corners!, line);
  const names = ['top-left', 'top-mid', 'top-right', 'left-mid', 'mid-mid', 'right-mid'];
  const low = ['bottom-left', 'bottom-mid', 'bottom-right'];
  const chars: Record<string, string> = { left: line(tall!), right: line(tall!), middle: line(tall!) };
  [...names, ...low].forEach((name, at) => {
    chars[name] = corner[at]!;
  });
  for (const name of ['top', 'mid', 'bottom']) chars[name] = line(flat!);
  return chars;
}

/** Widths that fit `room` together: the widest columns give way first. */
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
