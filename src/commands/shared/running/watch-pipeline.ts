import type { Plan } from '../../../plan/plan.js';
import type { DashboardSnapshot, ResultTable } from '../../../plan/snapshot.js';
import { type FollowedRun, STATUS_STALE_MS } from '../../../run/interfaces.js';
import { clientEdges, clientSettings } from '../broker/kafka.js';
import type { Input } from '../frame/command.js';
import type { Context } from '../frame/context.js';
import type { Outcome } from '../frame/outcome.js';
import { startFeed, untilSent } from '../sources/pipeline-feed.js';
import { withEarlierResults } from './earlier-results.js';
import { runResult } from './run-listener.js';
import { runPlace } from './run-place.js';
import { showDashboard } from './show-dashboard.js';
import { endFrames, readPage, reportingListener, type ShowFlags, showRun } from './watch-run.js';

/** The flags for a pipeline. */
export interface PipelineFlags extends ShowFlags {
  readonly param: readonly string[];
  readonly table: readonly string[];
  readonly source?: string | undefined;
  readonly speed?: string | undefined;
}

/** How often a followed run is asked whether it is over. */
const ASK_EVERY_MS = 500;

/**
 * `watch PIPELINE`: the run that is going on, wherever; where there is none, one of this process.
 * @throws `broker-unreachable`, `usage`, `bad-data`
 */
export async function watchPipeline(
  context: Context,
  plan: Plan,
  { flags, extra }: { readonly flags: PipelineFlags; readonly extra: Input['extra'] },
): Promise<Outcome> {
  const page = readPage(plan, flags.page);
  const { followStatus } = await import('../../../run/follow-status.js');
  const followed = await followStatus({ place: runPlace(context), pipeline: plan.name });
  try {
    const isAlive = followed !== undefined && isRunning(followed);
    if (isAlive) return await showFollowed(context, plan, followed, flags, page);
    return await runHere(context, plan, flags, extra);
  } finally {
    await followed?.stop();
  }
}

function isRunning(run: FollowedRun): boolean {
  const snapshot = run.snapshot();
  const ageMs = run.ageMs();
  if (!snapshot || ageMs === undefined || ageMs >= STATUS_STALE_MS) return false;
  return snapshot.state !== 'done' && snapshot.state !== 'failed';
}

/** Shows a run of another process; it is left alone when the show is over. */
async function showFollowed(
  context: Context,
  plan: Plan,
  run: FollowedRun,
  flags: PipelineFlags,
  page: number,
): Promise<Outcome> {
  const { stream } = context;
  const earlier = await earlierResults(context, plan);
  const over = flags.once ? Promise.resolve() : untilOver(context, run);
  let windows = run.snapshot()!.counts.windowsClosed;
  const end = await showDashboard(context, {
    snapshot() {
      const snapshot = run.snapshot()!;
      if (snapshot.counts.windowsClosed > windows) stream.windows(snapshot.counts.windowsClosed - windows);
      windows = Math.max(windows, snapshot.counts.windowsClosed);
      if (snapshot.lag !== null) stream.lag(snapshot.lag);
      if (snapshot.watermarkMs !== null) stream.watermark(snapshot.watermarkMs);
      return withEarlierResults(snapshot, earlier);
    },
    done: over,
    refreshMs: flags.refresh,
    frames: flags.frames,
    once: flags.once,
    top: flags.top,
    page,
  });
  const reason = end === 'quit' ? 'quit' : 'stopped';
  await endFrames(context, flags, reason);
  return { reason, result: runResult(run.snapshot()!) };
}

async function untilOver({ clock, signal }: Context, run: FollowedRun): Promise<void> {
  while (isRunning(run) && !signal.aborted) await clock.sleep(ASK_EVERY_MS, signal);
}

/** What earlier runs left in the topics of the results, by sink; topics of the pipeline that are missing are made. */
async function earlierResults(context: Context, plan: Plan): Promise<ReadonlyMap<string, ResultTable>> {
  const [{ openConnection }, { readEarlierResults }] = await Promise.all([
    import('../../../run/open-connection.js'),
    import('../../../run/earlier-results.js'),
  ]);
  const connection = openConnection(await clientSettings(context), clientEdges(context));
  try {
    await connection.createMissing(plan.topics);
    return await readEarlierResults(connection, plan, context.clock);
  } finally {
    await connection.close();
  }
}

/** Runs the pipeline in this process: with `--once` over what is there, without leaving a trace. */
async function runHere(context: Context, plan: Plan, flags: PipelineFlags, extra: Input['extra']): Promise<Outcome> {
  const [{ startPipelineRun }, { resolveParameters }, { readParameters, readTables }, { readPipelineFlags }] =
    await Promise.all([
      import('../../../run/pipeline-run.js'),
      import('../../../plan/parameters.js'),
      import('./run-flags.js'),
      import('../sources/pipeline-parameters.js'),
    ]);
  const { parameters: typed, live } = readPipelineFlags(plan, extra);
  const parameters = resolveParameters(plan, readParameters([...flags.param, ...typed]), context.clock.now());
  const bounded = flags.once || context.stream.wantsEof;
  const hasScreen = context.stdout.isTerminal && !context.machine && flags.frames === undefined;
  const { source, speed } = flags;
  // One picture is made of what is there, unless something is asked for.
  const wishes = {
    source: flags.once ? (source ?? 'topic') : source,
    speed,
    atOnce: bounded,
    hasScreen,
    values: parameters,
    live,
  };
  const feed = await startFeed(context, plan, wishes);
  if (bounded) await untilSent(context, feed);
  const earlier = await earlierResults(context, plan);
  const run = startPipelineRun({
    plan,
    place: runPlace(context),
    parameters,
    tables: readTables(plan, flags.table),
    bounded,
    listener: reportingListener(context),
    ...(flags.once ? { group: null } : {}),
  });
  void feed?.ended.then((failure) => failure && run.stop());
  try {
    // One picture is made of the rows themselves; it needs nobody's results.
    const look = (): DashboardSnapshot => withEarlierResults(run.snapshot(), flags.once ? undefined : earlier);
    const shown = await showRun(context, run, flags, look, readPage(plan, flags.page));
    await feed?.stop();
    const failure = await feed?.ended;
    if (failure) throw failure;
    return shown;
  } finally {
    await feed?.stop();
  }
}
