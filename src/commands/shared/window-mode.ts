import { StreamctlError } from '../../base/errors.js';
import type { AdhocQuery } from '../../plan/adhoc-plan.js';
import type { EndSummary, StartPosition } from '../../run/interfaces.js';
import type { Context } from './context.js';
import type { Outcome } from './outcome.js';

/** How the windowed mode of `consume` reads its topic. */
export interface WindowReading {
  readonly from: StartPosition;
  /** `-e` or `--until eof`: ends at the end offsets read at the start. */
  readonly eof: boolean;
  /** `-p`; all partitions when empty. */
  readonly partitions: readonly number[];
  /** `-g`: begins at the group's offsets where it has any, and commits what was read when it ends. */
  readonly group?: string;
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
      import('../../run/window-consume.js'),
      import('./run-place.js'),
      import('./run-listener.js'),
      import('./window-printer.js'),
    ]);
  const printer = new WindowPrinter(context, reading.eof);
  const { group, partitions, from, eof } = reading;
  const started = await startWindowConsume({
    place: runPlace(context),
    query,
    from,
    bounded: eof,
    listener: streamListener(context, printer),
    signal: context.signal,
    ...(partitions.length > 0 ? { partitions } : {}),
    ...(group === undefined ? {} : { commitTo: group }),
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
  if (summary.error) throw explained(summary);
  context.note(closingText(summary.snapshot));
  return { reason: summary.reason, result: runResult(summary.snapshot) };
}

/** Too many groups at once is the one bound that a query can run into by itself. */
function explained({ error }: EndSummary): Error {
  if (!(error instanceof StreamctlError) || error.code !== 'limit-exceeded' || error.hint) return error!;
  return new StreamctlError(error.code, error.message, {
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    hint: 'group by fewer values (--by), or use shorter windows',
    cause: error,
  });
}
