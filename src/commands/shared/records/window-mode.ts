import { StreamctlError } from '../../../base/errors.js';
import type { AdhocQuery } from '../../../plan/adhoc-plan.js';
import type { RunListener, StartPosition } from '../../../run/interfaces.js';
import type { Context } from '../frame/context.js';
import type { Outcome } from '../frame/outcome.js';
import { readerOf } from '../settings/names.js';

/** How the windowed mode of `consume` reads its topic. */
export interface WindowReading {
  readonly from: StartPosition;
  /** `-e` or `--until eof`: ends at the end offsets read at the start. */
  readonly eof: boolean;
  /** `-p`; all partitions when empty. */
  readonly partitions: readonly number[];
  /** `-g`: begins at the group's offsets where it has any, and commits what was read when it ends. */
  readonly group?: string;
  /** How far event times may be ahead of the clock, ms; a day when absent. */
  readonly maxAheadMs?: number;
  /** Groups that the query may hold. */
  readonly maxGroups?: number;
}

/**
 * `consume TOPIC --window ...`: results of windows instead of records. With an end they are one table for people,
 * without one they are printed as they close.
 * @throws `usage`, `bad-plan`, `not-found`, `bad-data`, `broker-unreachable`
 */
export async function consumeWindows(
  context: Context,
  query: Omit<AdhocQuery, 'columns'>,
  reading: WindowReading,
): Promise<Outcome> {
  const [{ startWindowConsume }, { runPlace }, { streamListener, closingText, runResult }, { WindowPrinter }] =
    await Promise.all([
      import('../../../run/window-consume.js'),
      import('../running/run-place.js'),
      import('../running/run-listener.js'),
      import('./window-printer.js'),
    ]);
  const printer = new WindowPrinter(context, reading.eof);
  const reader = await readerOf(query.topic);
  const declared = reader?.sources.find((source) => source.topic === query.topic)?.columns;
  const { group, partitions, from, eof, maxAheadMs, maxGroups } = reading;
  const started = await startWindowConsume({
    place: runPlace(context),
    query,
    from,
    bounded: eof,
    listener: sayingFirstRejected(context, streamListener(context, printer)),
    signal: context.signal,
    ...(declared ? { declared } : {}),
    ...(partitions.length > 0 ? { partitions } : {}),
    ...(group === undefined ? {} : { commitTo: group }),
    ...(maxAheadMs === undefined ? {} : { maxAheadMs }),
    ...(maxGroups === undefined ? {} : { maxGroups }),
    showsResults: false,
  });
  if (!started) {
    context.note(`topic "${query.topic}" is empty`);
    if (eof) context.stream.eof();
    return { reason: eof ? 'eof' : 'stopped', result: { rows: 0, windows: 0 } };
  }
  const stop = (): void => void started.run.stop();
  context.signal.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) stop();
  const summary = await started.run.done;
  context.signal.removeEventListener('abort', stop);
  context.progress(undefined);
  printer.flush();
  if (summary.error) throw summary.error;
  context.note(closingText(context.say, summary.snapshot));
  return { reason: summary.reason, result: runResult(summary.snapshot) };
}

/** A query sets nothing aside, so people are told why the first row was left out. */
function sayingFirstRejected(context: Context, listener: RunListener): RunListener {
  let told = context.machine;
  return {
    ...listener,
    rejected(row) {
      if (!told) context.note(`left out ${row.topic}/${row.partition}@${row.offset}: ${row.reason}`);
      told = true;
      listener.rejected?.(row);
    },
  };
}

/** Flags of the windowed mode. */
export const WINDOW_FLAGS = {
  window: {
    type: 'string',
    placeholder: 'D',
    help: 'results of windows of this size instead of records; sliding:D for sliding ones',
  },
  hop: { type: 'string', placeholder: 'D', help: 'a window begins so often; windows overlap' },
  session: { type: 'string', placeholder: 'D', help: 'windows that end after such a silence' },
  time: { type: 'string', placeholder: 'COL', help: "column of the event time; the record's timestamp when left out" },
  lateness: { type: 'string', placeholder: 'D', help: 'how far rows may be out of order; 0 when left out' },
  idle: { type: 'string', placeholder: 'D', help: 'silence after which a partition no longer holds windows back; 30s' },
  maxAhead: {
    type: 'string',
    placeholder: 'D',
    help: 'event times further ahead of the clock are left out; 1d, none takes any',
  },
  maxGroups: {
    type: 'number',
    integer: true,
    min: 1,
    placeholder: 'N',
    help: 'bound of the groups in open windows (2,000,000)',
  },
  by: { type: 'list', separator: ',', placeholder: 'COL,...', help: 'columns whose values make the groups' },
  agg: { type: 'string', placeholder: 'EXPR,...', help: "what is computed: 'count(),avg(price) as mean'" },
} as const;

/** The values of {@link WINDOW_FLAGS}, as a command line gave them. */
export interface WindowFlagValues {
  readonly window: string | undefined;
  readonly hop: string | undefined;
  readonly session: string | undefined;
  readonly time: string | undefined;
  readonly lateness: string | undefined;
  readonly idle: string | undefined;
  readonly maxAhead: string | undefined;
  readonly maxGroups: number | undefined;
  readonly by: readonly string[];
  readonly agg: string | undefined;
}

/** Flags that mean something for windows only. */
const WINDOW_ONLY = ['hop', 'time', 'lateness', 'idle', 'maxAhead', 'maxGroups', 'agg'] as const;

/**
 * Whether the command line asks for windows.
 * @throws `usage` for flags of windows without a window.
 */
export function asksForWindows(flags: WindowFlagValues): boolean {
  if (flags.window !== undefined || flags.session !== undefined) return true;
  const alone = flags.by.length > 0 ? 'by' : WINDOW_ONLY.find((name) => flags[name] !== undefined);
  if (alone === undefined) return false;
  const flag = alone.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new StreamctlError('usage', `--${flag} needs a window`, { hint: 'add --window 1m, or --session 30s' });
}

/** The query that the flags say, over the one topic of the command line. @throws `usage` */
export function windowQuery(
  topics: readonly string[],
  flags: WindowFlagValues & { readonly where: string | undefined },
): Omit<AdhocQuery, 'columns'> {
  const [topic, ...others] = topics;
  if (topic === undefined || others.length > 0) {
    throw new StreamctlError('usage', 'windows are computed over one topic at a time', {
      hint: 'streamctl consume TOPIC --window 1m',
    });
  }
  const { window, hop, session, time, lateness, idle, by, agg, where } = flags;
  return {
    topic,
    by,
    ...(window === undefined ? {} : { window }),
    ...(hop === undefined ? {} : { hop }),
    ...(session === undefined ? {} : { session }),
    ...(time === undefined ? {} : { time }),
    ...(lateness === undefined ? {} : { lateness }),
    ...(idle === undefined ? {} : { idleTimeout: idle }),
    ...(agg === undefined ? {} : { aggregates: agg }),
    ...(where === undefined ? {} : { where }),
  };
}
