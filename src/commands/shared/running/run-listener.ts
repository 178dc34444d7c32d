import type { DashboardSnapshot } from '../../../plan/snapshot.js';
import type { ResultRows, RunListener } from '../../../run/interfaces.js';
import { tableRecord } from '../../../ui/frames/frame-data.js';
import { formatCount, formatDateTime, groupDigits } from '../../../ui/text/numbers.js';
import type { Say } from '../../../ui/text/say.js';
import type { Context } from '../frame/context.js';
import { lateRecord, rejectedRecord, type WindowPrinter } from '../records/window-printer.js';

/**
 * Writes what a run tells to the streams of the command line, and reports it to what judges `--until`.
 * Programs get records of type window, late, rejected and progress; people get windows, notes and a progress line.
 */
export function streamListener(context: Context, printer: WindowPrinter): RunListener {
  const { stream, machine } = context;
  return {
    result(result) {
      printer.result(result);
      if (result.reason !== 'update') stream.windows(1);
    },
    ...(printer.takesBatches
      ? {
          results(rows: ResultRows) {
            printer.results(rows);
            if (rows.reason !== 'update') stream.windows(rows.batch.length);
          },
        }
      : {}),
    late(row) {
      if (machine) context.record(lateRecord(row));
    },
    rejected(row) {
      if (machine) context.record(rejectedRecord(row));
      else context.debug(`rejected ${row.topic}/${row.partition}@${row.offset}: ${row.reason}`);
    },
    rows: (rows) => stream.rows(rows.length, stream.wantsRows ? rows : undefined),
    watermark: (watermarkMs) => stream.watermark(watermarkMs),
    lag: (records) => stream.lag(records),
    eof: () => stream.eof(),
    progress(snapshot) {
      if (machine) context.record(progressRecord(snapshot));
      else context.progress(progressText(context.say, snapshot));
    },
    note(note) {
      if (note.level === 'info') context.note(note.text);
      else if (note.level === 'warning') context.warn(note.text);
    },
    ready: () => context.stdout.ready(),
  };
}

/** `{type:'progress', rows, rate, lag, watermark, late, rejected, ...}` */
export function progressRecord(
  snapshot: DashboardSnapshot,
): { readonly type: 'progress' } & Readonly<Record<string, unknown>> {
  const { counts, watermarkMs, rowsPerSecond, lag, state, elapsedMs } = snapshot;
  return {
    type: 'progress',
    state,
    elapsedMs,
    rows: counts.rowsIn,
    rowsPerSecond: Math.round(rowsPerSecond),
    windows: counts.windowsClosed,
    lag,
    watermark: watermarkMs === null ? null : new Date(watermarkMs).toISOString(),
    late: counts.late,
    rejected: counts.rejected,
  };
}

/** Topics of what was set aside; undefined where it was only counted. */
export interface SideTopics {
  readonly deadLetters: string | undefined;
  readonly late: string;
}

/** What a run has done, for its end record. */
export function runResult(snapshot: DashboardSnapshot, topics?: SideTopics): Readonly<Record<string, unknown>> {
  const { counts, watermarkMs, lag, elapsedMs, tables, localState } = snapshot;
  return {
    rows: counts.rowsIn,
    results: counts.resultsOut,
    windows: counts.windowsClosed,
    late: counts.late,
    rejected: counts.rejected,
    ...(topics && counts.late > 0 ? { lateTopic: topics.late } : {}),
    ...(topics?.deadLetters !== undefined && counts.rejected > 0 ? { deadLettersTopic: topics.deadLetters } : {}),
    lag,
    watermark: watermarkMs === null ? null : new Date(watermarkMs).toISOString(),
    ...(localState === undefined ? {} : { localState }),
    ...(tables === undefined ? {} : { tables: tables.map((table) => tableRecord(table)) }),
    elapsedMs,
  };
}

/** `12.3k rows, 4.56k/s, lag 12, watermark 2024-03-01 10:21:30` */
export function progressText(say: Say, snapshot: DashboardSnapshot): string {
  const { counts, rowsPerSecond, lag, watermarkMs } = snapshot;
  const parts = [say('{1} rows', formatCount(counts.rowsIn)), `${formatCount(rowsPerSecond)}/s`];
  if (lag !== null) parts.push(say('lag {1}', formatCount(lag)));
  if (watermarkMs !== null) parts.push(say('watermark {1}', formatDateTime(watermarkMs)));
  return parts.join(', ');
}

/** One closing line for people: what was read, what came out, what was set aside and where it lies. */
export function closingText(say: Say, snapshot: DashboardSnapshot, topics?: SideTopics): string {
  const { rowsIn, resultsOut, late, rejected } = snapshot.counts;
  const placed = (text: string, topic: string | undefined): string =>
    topic === undefined ? text : say('{1} (in {2})', text, topic);
  const parts = [
    say('{1} rows read', groupDigits(String(rowsIn))),
    say('{1} results', groupDigits(String(resultsOut))),
  ];
  if (late > 0) parts.push(placed(say('{1} late', formatCount(late)), topics?.late));
  if (rejected > 0) parts.push(placed(say('{1} rejected', formatCount(rejected)), topics?.deadLetters));
  return parts.join(', ');
}
