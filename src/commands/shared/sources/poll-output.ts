import { fromUtf8 } from '../../../base/bytes.js';
import {
  batchOf,
  type JsonValue,
  type RowBatch,
  type Schema,
  type Value,
  type ValueType,
} from '../../../base/row-batch.js';
import { formatDuration } from '../../../base/time.js';
import { arraysIn } from '../../../connect/sources/poll/address-poll.js';
import type { PollReport } from '../../../connect/sources/poll/interfaces.js';
import type { PollRecord, PollSink } from '../../../connect/sources/poll/poll-record.js';
import type { PollCounts, PollListener } from '../../../connect/sources/poll/run-poll.js';
import { formatCount } from '../../../ui/text/numbers.js';
import type { Context } from '../frame/context.js';

/** A pause that is worth a line. */
const LONG_WAIT_MS = 5_000;

/**
 * Tells people and programs how a poll goes, and reports to what judges `--until`.
 * @param isReplay the end is that of the cassette; else of the first round without a failure: all there is now.
 */
export function pollListener(context: Context, name: string, isReplay: boolean): PollListener {
  const { stream, machine } = context;
  const redact = (text: string): string => context.secrets.redact(text);
  const rows = new ItemRows();
  let heldUntilMs = 0;
  let isHinted = false;
  let wasTold = false;
  let failures: string[] = [];
  const subject = (feed: string): string => (feed === name ? name : `${name} ${feed}`);
  return {
    report(report) {
      if (report.kind === 'retry') {
        const { feed, problem, attempt, delayMs } = report;
        const text = `${subject(feed.id)}: ${redact(problem.message)}; try ${attempt + 1} in ${shortSpan(delayMs)}`;
        wasTold = delayMs >= LONG_WAIT_MS;
        if (delayMs >= LONG_WAIT_MS) context.note(text);
        else context.debug(text);
      } else if (report.kind === 'failed') {
        const message = `${subject(report.feed.id)}: ${redact(report.problem.message)}`;
        failures.push(message);
        context.warn(message);
      } else if (report.kind === 'redirect') {
        context.debug(`${subject(report.feed.id)}: redirected`);
      } else if (report.kind === 'wait' && report.why === 'hold' && report.untilMs !== heldUntilMs) {
        heldUntilMs = report.untilMs;
        const waitMs = report.untilMs - context.clock.now();
        if (waitMs >= LONG_WAIT_MS && !wasTold) context.note(`${name} asks to be left alone for ${shortSpan(waitMs)}`);
        wasTold = false;
      } else if (report.kind === 'page') {
        if (report.isCut)
          context.warn(`${subject(report.feed.id)}: there is more behind page ${report.page}: --max-pages`);
        const [only] = report.content.items;
        if (!isHinted && report.content.items.length === 1) hintAtItems(context, only!);
        isHinted = true;
      }
    },
    round(counts, report) {
      if (machine)
        context.record({ type: 'progress', round: report.round, ...counts, nextInMs: nextIn(report), failures });
      else context.note(roundText(counts, report));
      failures = [];
      if (!isReplay && counts.failed === 0) stream.eof();
    },
    written(records) {
      stream.rows(records.length, stream.wantsRows ? rows.batch(records) : undefined);
    },
    rejected(reasons) {
      const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : '';
      context.warn(`${name}: ${redact(reasons[0]!)}${more}`);
    },
  };
}

/** A body that became one item, though it holds lists, is most likely not what was meant. */
function hintAtItems(context: Context, item: JsonValue): void {
  const [first] = [...arraysIn(item)].sort((a, b) => b.count - a.count);
  if (first) context.note(`the whole body is one item; --items ${first.path} would give ${first.count}`);
}

function nextIn({ nextMs, atMs }: Extract<PollReport, { kind: 'round' }>): number | null {
  return nextMs === undefined ? null : nextMs - atMs;
}

/** `poll 3: 1,485 items, 12 changed, 1,473 unchanged, 0.9 MB, next in 58s` */
export function roundText(counts: PollCounts, report: Extract<PollReport, { kind: 'round' }>): string {
  const parts: string[] = [];
  if (counts.pages > 0) parts.push(`${formatCount(counts.items)} ${counts.items === 1 ? 'item' : 'items'}`);
  for (const name of ['new', 'changed', 'unchanged', 'stale', 'skipped', 'rejected'] as const) {
    if (counts[name] > 0) parts.push(`${formatCount(counts[name])} ${name}`);
  }
  if (counts.notModified > 0) parts.push(counts.pages === 0 ? 'not modified' : `${counts.notModified} not modified`);
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  if (counts.retries > 0) parts.push(`${counts.retries} ${counts.retries === 1 ? 'retry' : 'retries'}`);
  if (parts.length === 0) parts.push('nothing was due');
  if (report.nextMs !== undefined) parts.push(`next in ${shortSpan(Math.max(0, report.nextMs - report.atMs))}`);
  return `poll ${report.round}: ${parts.join(', ')}`;
}

/** `28s`, `1m30s`: milliseconds only where there are no seconds. */
function shortSpan(ms: number): string {
  return formatDuration(ms < 1000 ? ms : Math.round(ms / 1000) * 1000);
}

/** One closing line. */
export function closingText(name: string, counts: PollCounts, topic: string | undefined): string {
  const parts = [`${formatCount(counts.emitted)} records${topic === undefined ? '' : ` to ${topic}`}`];
  if (counts.unchanged + counts.stale > 0) parts.push(`${formatCount(counts.unchanged + counts.stale)} seen before`);
  if (counts.failed > 0) parts.push(`${formatCount(counts.failed)} failed polls`);
  if (counts.rejected > 0) parts.push(`${formatCount(counts.rejected)} rejected`);
  return `${name}: ${parts.join(', ')}`;
}

/** `-t -`: records as lines, the value alone for people. */
export function outputSink(context: Context): PollSink {
  return {
    async write(records) {
      for (const { key, value, timestampMs, item } of records) {
        const keyText = key === null ? null : fromUtf8(key);
        context.record({ type: 'record', key: keyText, timestamp: timestampMs, value: item }, fromUtf8(value));
        await context.stdout.ready();
      }
    },
  };
}

/** Items as rows, for expressions; the first ones decide the columns. */
class ItemRows {
  #schema: Schema | undefined;

  batch(records: readonly PollRecord[]): RowBatch {
    const objects = records.map(({ item }) => (isObject(item) ? item : { value: item }));
    this.#schema ??= schemaOf(objects);
    const timestamps = Float64Array.from(records, ({ timestampMs }) => timestampMs);
    return batchOf(this.#schema, objects as readonly Readonly<Record<string, Value>>[], { timestamps });
  }
}

function isObject(item: JsonValue): item is { readonly [key: string]: JsonValue } {
  return typeof item === 'object' && item !== null && !Array.isArray(item);
}

function schemaOf(objects: readonly { readonly [key: string]: JsonValue }[]): Schema {
  const types = new Map<string, ValueType | undefined>();
  for (const object of objects) {
    for (const [name, value] of Object.entries(object)) types.set(name, widened(types.get(name), value));
  }
  return [...types].map(([name, type]) => ({ name, type: type ?? 'string' }));
}

function widened(known: ValueType | undefined, value: JsonValue): ValueType | undefined {
  if (value === null) return known;
  const type = typeOf(value);
  if (known === undefined || known === type) return type;
  return (known === 'bigint' || known === 'double') && (type === 'bigint' || type === 'double') ? 'double' : 'json';
}

function typeOf(value: JsonValue): ValueType {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'bigint') return 'bigint';
  if (typeof value === 'number') return Number.isInteger(value) ? 'bigint' : 'double';
  return 'json';
}
