import type { Value, ValueType } from '../../../base/row-batch.js';
import { isoText } from '../../../base/time.js';
import type { ResultColumn } from '../../../plan/snapshot.js';
import type { LateRow, RejectedRow, ResultRows, WindowResult } from '../../../run/interfaces.js';
import { formatDateTime, formatTime, formatValue } from '../../../ui/text/numbers.js';
import { type Say, sayEnglish } from '../../../ui/text/say.js';
import { paint } from '../../../ui/text/style.js';
import { padText, textWidth } from '../../../ui/text/width.js';
import { ByteWriter } from '../frame/byte-writer.js';
import type { Context } from '../frame/context.js';
import { isBound, WindowLines } from './window-lines.js';

/** Rows whose widths a table takes into account before it is printed; more are printed as they come. */
const MAX_TABLE_ROWS = 10_000;
const DAY_MS = 86_400_000;
const GAP = '  ';
/** Headings are no windows: whoever compares results does not see them. */
const HEADER = { type: 'progress' } as const;

/** A result row as text cells, and which of them are numbers. */
interface Line {
  readonly sink: string;
  readonly titles: readonly string[];
  readonly cells: readonly string[];
  readonly numeric: readonly boolean[];
}

/** What of a {@link Context} the printer uses. */
type PrinterContext = Pick<Context, 'record' | 'machine' | 'output' | 'style' | 'compareRecord'> & {
  readonly stdout: Pick<Context['stdout'], 'write'>;
  readonly say?: Say;
};

/**
 * Writes results of windows: records of type `window` for programs; for people aligned lines, each as soon as it is
 * there, or one table at the end where `whole` is asked for.
 */
export class WindowPrinter {
  readonly #context: PrinterContext;
  readonly #whole: boolean;
  readonly #kept: { readonly line: Line; readonly record: WindowRecord }[] = [];
  readonly #lines = new WindowLines();
  #bytes: ByteWriter | undefined;
  #widths: number[] = [];
  #titled: string | undefined;

  constructor(context: PrinterContext, whole = false) {
    this.#context = context;
    this.#whole = whole && !context.machine && context.output !== 'yaml';
  }

  /** Whether {@link results} may be called. */
  get takesBatches(): boolean {
    return this.#context.machine && this.#context.compareRecord === undefined;
  }

  /** Rows that left together, for programs. */
  results(rows: ResultRows): void {
    this.#bytes ??= new ByteWriter(this.#context.stdout);
    this.#lines.write(rows, this.#bytes);
    this.#bytes.flush();
  }

  /** One row of one window. */
  result(result: WindowResult): void {
    const { machine, output, stdout } = this.#context;
    if (this.takesBatches) {
      stdout.write(this.#lines.text(result));
      return;
    }
    const record = windowRecord(result);
    if (machine || output === 'yaml') {
      this.#context.record(record);
      return;
    }
    const line = lineOf(result, this.#context.say ?? sayEnglish);
    if (this.#context.output === 'tsv') this.#tsv(line, record);
    else if (this.#whole && this.#kept.length < MAX_TABLE_ROWS) this.#kept.push({ line, record });
    else {
      this.flush();
      this.#print(line, record);
    }
  }

  /** Prints what was kept for the table. */
  flush(): void {
    const kept = this.#kept.splice(0);
    for (const { line } of kept) this.#widen(line);
    for (const { line, record } of kept) this.#print(line, record);
  }

  #print(line: Line, record: WindowRecord): void {
    if (this.#titled !== line.sink) {
      if (this.#titled !== undefined) this.#widths = [];
      this.#titled = line.sink;
      this.#widen({ ...line, cells: line.titles });
      this.#widen(line);
      this.#context.record(HEADER, paint(this.#aligned(line, line.titles), 'dim', this.#context.style));
    }
    this.#widen(line);
    this.#context.record(record, this.#aligned(line, line.cells));
  }

  #tsv(line: Line, record: WindowRecord): void {
    if (this.#titled !== line.sink) {
      this.#titled = line.sink;
      this.#context.record(
        HEADER,
        ['window_start', 'window_end', ...Object.keys(record.row ?? {}), 'reason'].join('\t'),
      );
    }
    const values = Object.values(record.row ?? {}).map((value) => String(value ?? '').replace(/[\t\n\r]/g, ' '));
    this.#context.record(
      record,
      [record.window_start ?? '', record.window_end ?? '', ...values, record.reason].join('\t'),
    );
  }

  #widen(line: Line): void {
    line.cells.forEach((cell, index) => {
      this.#widths[index] = Math.max(this.#widths[index] ?? 0, textWidth(cell));
    });
  }

  #aligned(line: Line, cells: readonly string[]): string {
    return cells
      .map((cell, index) => padText(cell, this.#widths[index]!, line.numeric[index] ? 'right' : 'left'))
      .join(GAP)
      .trimEnd();
  }
}

/** A result as a record of the stream. */
export interface WindowRecord extends Readonly<Record<string, unknown>> {
  readonly type: 'window';
  readonly window_start?: string;
  readonly window_end?: string;
  readonly row?: Readonly<Record<string, unknown>>;
}

/** `{type:'window', sink, window_start, window_end, reason, row}`; times are ISO 8601 in UTC. */
export function windowRecord(result: WindowResult): WindowRecord {
  const { columns, values, windowStartMs, windowEndMs, reason, sink } = result;
  const row: Record<string, unknown> = {};
  columns.forEach(({ name, type }, index) => {
    if (!isBound(name, result)) row[name] = printable(values[index], type);
  });
  return {
    type: 'window',
    sink,
    ...(windowStartMs === undefined ? {} : { window_start: isoText(windowStartMs) }),
    ...(windowEndMs === undefined ? {} : { window_end: isoText(windowEndMs) }),
    reason,
    row,
  };
}

/** A late row as a record of the stream. */
export function lateRecord(row: LateRow): { readonly type: 'late' } & Readonly<Record<string, unknown>> {
  const { topic, partition, offset, eventTimeMs, watermarkMs } = row;
  return {
    type: 'late',
    topic,
    partition,
    offset,
    time: isoText(eventTimeMs),
    watermark: Number.isFinite(watermarkMs) ? isoText(watermarkMs) : null,
  };
}

/** A rejected row as a record of the stream. */
export function rejectedRecord(row: RejectedRow): { readonly type: 'rejected' } & Readonly<Record<string, unknown>> {
  const { topic, partition, offset, reason } = row;
  return { type: 'rejected', topic, partition, offset, reason };
}

function lineOf(result: WindowResult, say: Say): Line {
  const shown = result.columns
    .map((column, index) => ({ column, value: result.values[index] ?? null }))
    .filter(({ column }) => !isBound(column.name, result));
  const windowed = result.windowStartMs !== undefined && result.windowEndMs !== undefined;
  const before = windowed ? [spanText(result.windowStartMs!, result.windowEndMs!)] : [];
  return {
    sink: result.sink,
    titles: [...(windowed ? [say('window')] : []), ...shown.map(({ column }) => column.name), say('closed by')],
    cells: [...before, ...shown.map(({ column, value }) => cellText(column, value)), result.reason],
    numeric: [...before.map(() => false), ...shown.map(({ column }) => isNumeric(column.type)), false],
  };
}

/** `2024-03-01 10:21:00-10:22:00`, with both dates where the window is longer than a day. */
function spanText(startMs: number, endMs: number): string {
  const sameDay = Math.floor(startMs / DAY_MS) === Math.floor((endMs - 1) / DAY_MS);
  return `${formatDateTime(startMs)}${sameDay ? `-${formatTime(endMs)}` : ` - ${formatDateTime(endMs)}`}`;
}

function cellText(column: ResultColumn, value: Value): string {
  if (column.type === 'timestamp' && value !== null) return formatDateTime(Number(value));
  // Years, codes and counts are read more easily without separators; a mean wants two digits.
  if (column.type === 'bigint' && value !== null) return String(value);
  return formatValue(value, typeof value === 'number' && !Number.isInteger(value) ? 2 : 0);
}

function isNumeric(type: ValueType): boolean {
  return type === 'bigint' || type === 'double';
}

function printable(value: Value | undefined, type: ValueType): unknown {
  if (value === undefined || value === null) return null;
  return type === 'timestamp' ? isoText(Number(value)) : value;
}
