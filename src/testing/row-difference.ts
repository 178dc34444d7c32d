import type { Schema, Value } from '../base/row-batch.js';
import { type Pairing, sameValue } from './compare-rows.js';
import { shownRow, shownValue } from './record-text.js';
import { identityText } from './sink-state.js';
import type { RowValues } from './test-case.js';

/** A line of a difference: expected (`-`), received (`+`) or both (` `). */
export interface DifferenceLine {
  readonly sign: '-' | '+' | ' ';
  readonly text: string;
}

/** Rows of a difference that are shown. */
const MAX_SHOWN = 8;

/** A row as it is shown and compared. */
export interface ShownRow {
  readonly values: RowValues;
  readonly deleted: boolean;
}

/** What of two lists is shown. */
export interface DifferenceInput {
  readonly expected: readonly ShownRow[];
  readonly received: readonly ShownRow[];
  readonly pairs: Pairing;
  /** Columns that are compared, in order; null: those that the expected row names. */
  readonly columns: readonly string[] | null;
  /** Columns by which rows that differ are put side by side. */
  readonly identity: readonly string[];
  /** Whether received rows that nobody expects belong to the difference. */
  readonly extras: boolean;
  /** Types of the columns: times are shown as such. */
  readonly schema: Schema;
}

/** A difference for people: its lines, and how it is called in a sentence. */
export interface Difference {
  readonly summary: string;
  readonly lines: readonly DifferenceLine[];
}

/** Puts rows side by side that are the same result with other values; shows the rest as missing and as too much. */
export function differenceOf(input: DifferenceInput): Difference {
  const { expected, received, pairs, identity, extras } = input;
  const lines: DifferenceLine[] = [];
  const left = new Set(pairs.extra);
  let [missing, changed] = [0, 0];
  const blocks: DifferenceLine[][] = [];
  for (const item of pairs.missing) {
    const row = expected[item]!;
    const known = identity.every((name) => name in row.values);
    const twin =
      known && identity.length > 0
        ? [...left].find((at) => identityText(received[at]!.values, identity) === identityText(row.values, identity))
        : undefined;
    if (twin !== undefined && received[twin]!.deleted === row.deleted) {
      left.delete(twin);
      changed++;
      blocks.push(changedLines(row, received[twin]!, input));
    } else {
      missing++;
      blocks.push([{ sign: '-', text: rowText(row, input) }]);
    }
  }
  const extra = extras ? [...left] : [];
  for (const at of extra) blocks.push([{ sign: '+', text: rowText(received[at]!, input) }]);
  for (const block of blocks.slice(0, MAX_SHOWN)) lines.push(...block);
  if (blocks.length > MAX_SHOWN) lines.push({ sign: ' ', text: `and ${blocks.length - MAX_SHOWN} more` });
  const parts = [
    missing > 0 ? `${rows(missing)} missing` : '',
    changed > 0 ? `${rows(changed)} other than expected` : '',
    extra.length > 0 ? `${rows(extra.length)} too many` : '',
  ].filter((part) => part !== '');
  return { summary: parts.join(', '), lines };
}

function rows(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`;
}

function changedLines(expected: ShownRow, received: ShownRow, { columns, identity, schema }: DifferenceInput) {
  const names = (columns ?? Object.keys(expected.values)).filter((name) => !identity.includes(name));
  const lines: DifferenceLine[] = [{ sign: ' ', text: shownRow(written(pick(received.values, identity), schema)) }];
  for (const name of names) {
    const [wanted, found] = [expected.values[name] ?? null, received.values[name] ?? null];
    if (sameValue(wanted, found)) continue;
    lines.push({ sign: '-', text: `  ${name}: ${shownValue(writtenValue(wanted, name, schema))}` });
    lines.push({ sign: '+', text: `  ${name}: ${shownValue(writtenValue(found, name, schema))}` });
  }
  return lines;
}

function rowText(row: ShownRow, { columns, schema }: DifferenceInput): string {
  const values = columns ? pick(row.values, columns) : row.values;
  return `${row.deleted ? 'deleted ' : ''}${shownRow(written(values, schema))}`;
}

/** The named values, in that order; what a row lacks is left out. */
export function pick(values: RowValues, names: readonly string[]): RowValues {
  return Object.fromEntries(names.flatMap((name) => (name in values ? [[name, values[name]!] as const] : [])));
}

/** Values as a test file has them: times as ISO 8601, without the zeros of whole seconds. */
export function written(values: RowValues, schema: Schema): RowValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, writtenValue(value, name, schema)]));
}

function writtenValue(value: Value, name: string, schema: Schema): Value {
  // In the topic, what JSON has no number for is null.
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  const type = schema.find((column) => column.name === name)?.type;
  return type === 'timestamp' && typeof value === 'number' ? timeText(value) : value;
}

/** A time as a test file has it: `2024-03-01T10:21:00Z`. */
export function timeText(timeMs: number): string {
  if (timeMs === Number.NEGATIVE_INFINITY) return 'none';
  if (timeMs === Number.POSITIVE_INFINITY) return 'end';
  return Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString().replace('.000Z', 'Z') : String(timeMs);
}
