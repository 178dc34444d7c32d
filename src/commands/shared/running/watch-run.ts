import { StreamctlError } from '../../../base/errors.js';
import type { Plan } from '../../../plan/plan.js';
import type { DashboardSnapshot } from '../../../plan/snapshot.js';
import { shownSinks } from '../../../run/dashboard-frame.js';
import type { PipelineRun, RunListener } from '../../../run/interfaces.js';
import type { Context } from '../frame/context.js';
import type { Outcome } from '../frame/outcome.js';
import { closingText, runResult } from './run-listener.js';
import { type FrameFormat, showDashboard } from './show-dashboard.js';

/** The flags that decide how a dashboard is shown. */
export interface ShowFlags {
  readonly refresh?: number | undefined;
  readonly once: boolean;
  readonly frames?: FrameFormat | undefined;
  readonly top?: number | undefined;
  /** Sink, or number of its page from 1. */
  readonly page?: string | undefined;
}

/** Page that `--page` names, from 0. @throws `not-found` */
export function readPage(plan: Plan, text: string | undefined): number {
  if (text === undefined) return 0;
  const sinks = shownSinks(plan).map(({ name }) => name);
  const at = /^\d+$/.test(text) ? Number(text) - 1 : sinks.indexOf(text);
  if (at >= 0 && at < sinks.length) return at;
  throw new StreamctlError('not-found', `--page ${text}: the dashboard of "${plan.name}" has no such page`, {
    hint: `its pages are ${sinks.map((name, index) => `${index + 1} ${name}`).join(', ')}`,
  });
}

/** Reports what a run does to what judges `--until`; the dashboard itself tells people. */
export function reportingListener({ stream, stdout }: Context): RunListener {
  return {
    result(result) {
      if (result.reason !== 'update') stream.windows(1);
    },
    rows: (rows) => stream.rows(rows.length, stream.wantsRows ? rows : undefined),
    watermark: (watermarkMs) => stream.watermark(watermarkMs),
    lag: (records) => stream.lag(records),
    eof: () => stream.eof(),
    ready: () => stdout.ready(),
  };
}

/**
 * Shows a run of this process until it ends, is left with `q`, or the command line is over; then stops it.
 * @param look what is shown of the run; its own snapshot when absent. @param page to begin with, from 0.
 * @throws what the run failed with.
 */
export async function showRun(
  context: Context,
  run: PipelineRun,
  show: ShowFlags,
  look: () => DashboardSnapshot = () => run.snapshot(),
  page = 0,
): Promise<Outcome> {
  const failed = new AbortController();
  void run.done.then((summary) => {
    if (summary.error) failed.abort();
  });
  const end = await showDashboard(context, {
    snapshot: look,
    done: run.done,
    refreshMs: show.refresh,
    frames: show.frames,
    once: show.once,
    top: show.top,
    page,
    signal: AbortSignal.any([context.signal, failed.signal]),
  });
  const summary = await run.stop();
  if (summary.error) throw summary.error;
  if (context.stdout.isTerminal && !context.machine) context.note(closingText(context.say, summary.snapshot));
  await endFrames(context, show, summary.reason);
  return { reason: end === 'quit' ? 'quit' : summary.reason, result: runResult(summary.snapshot) };
}

/** Frames as NDJSON end with an end record even where the command line itself is not in a mode for programs. */
export async function endFrames(context: Context, show: ShowFlags, reason: string): Promise<void> {
  if (show.frames !== 'ndjson' || context.machine) return;
  const [{ endEvent }, { stringifyJson }] = await Promise.all([
    import('../../../ui/output/envelope.js'),
    import('../../../ui/output/json.js'),
  ]);
  context.stdout.write(`${stringifyJson(endEvent(context.stream.reason ?? reason))}\n`);
}
