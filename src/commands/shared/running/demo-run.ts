import { seededRandom } from '../../../base/random.js';
import type { Plan } from '../../../plan/plan.js';
import type { DashboardSnapshot } from '../../../plan/snapshot.js';
import type { Connection } from '../../../run/connection.js';
import type { EndSummary, PipelineRun } from '../../../run/interfaces.js';
import type { Say } from '../../../ui/text/say.js';
import { clientEdges } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';
import type { Outcome } from '../frame/outcome.js';
import { RateSampler, STEP_MS } from '../frame/rate-sampler.js';
import { openTemporaryBroker } from '../frame/temporary-broker.js';
import { type FeedProgress, feedSample, type Lot, sampleEnds } from '../sources/sample-feed.js';
import { readSample, type SampleRows } from '../sources/sample-rows.js';
import { closingText, runResult } from './run-listener.js';
import { type FrameFormat, showDashboard } from './show-dashboard.js';
import { endFrames, reportingListener } from './watch-run.js';

/** Flags of `demo`. */
export interface DemoFlags {
  readonly refresh?: number | undefined;
  readonly frames?: FrameFormat | undefined;
  readonly duration?: number | undefined;
}

const MINUTE_MS = 60_000;
/** Event time from the first row to the last. */
const SAMPLE_MS = 12 * MINUTE_MS;
/** How far rows are out of order, less than the pipeline's lateness; and how far the late ones are. */
const DISORDER_MS = 3_000;
const LATE_MS = 3 * MINUTE_MS;
/** The feed begins when the run reads, at the latest after so long. */
const START_MS = 5_000;
const POLL_MS = 25;
/** Distance between lots. */
const LOT_EVERY_MS = 100;
const DURATION_MS = { terminal: 10_000, elsewhere: 2_000 };
/** The last picture stands for a moment before the screen is given back. */
const HOLD_MS = 1_500;
const REFRESH_MS = { terminal: 100, elsewhere: 1_000 };
const SEED = 7;

/** The whole of `demo`: broker, topics, replay, windows, dashboard; in the end nothing is left. */
export async function runDemo(context: Context, plan: Plan, flags: DemoFlags): Promise<Outcome> {
  const sample = await readSample(plan, context);
  const broker = await openTemporaryBroker(context);
  try {
    const { openConnection } = await import('../../../run/open-connection.js');
    const edges = clientEdges(context);
    const connection = openConnection(broker.settings, edges);
    try {
      const place = {
        edges: { ...edges, files: context.files },
        connect: () => Promise.resolve(broker.settings),
        name: 'a broker of its own',
      };
      return await show(context, { plan, sample, flags, connection, place });
    } finally {
      await connection.close();
    }
  } finally {
    await broker.close();
  }
}

interface Stage {
  readonly plan: Plan;
  readonly sample: SampleRows;
  readonly flags: DemoFlags;
  readonly connection: Connection;
  readonly place: Parameters<typeof import('../../../run/pipeline-run.js')['startPipelineRun']>[0]['place'];
}

async function show(context: Context, stage: Stage): Promise<Outcome> {
  const { plan, sample, flags, connection, place } = stage;
  const [{ startPipelineRun }, { neededTopics }, { resolveParameters }] = await Promise.all([
    import('../../../run/pipeline-run.js'),
    import('../../../run/internal-topics.js'),
    import('../../../plan/parameters.js'),
  ]);
  await connection.createMissing(neededTopics(plan));
  const partitionCount = (await connection.partitions(sample.topic)).length;
  const run = startPipelineRun({
    plan,
    place,
    parameters: resolveParameters(plan, {}, context.clock.now()),
    bounded: sampleEnds(sample, partitionCount),
    listener: reportingListener(context),
  });
  const rates = new RateSampler();
  const progress: FeedProgress = { sentRows: 0 };
  const look = (): DashboardSnapshot => withLag(rates.refine(run.snapshot()), progress);
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const fed = feed(context, stage, run, progress, signal).catch(async (error: unknown) => {
    await run.stop();
    throw error;
  });
  void sampleRates(context, look, signal);
  // Awaited below; until then a failure must not count as unhandled.
  fed.catch(() => undefined);
  try {
    const where = isLive(context, flags) ? 'terminal' : 'elsewhere';
    const end = await showDashboard(context, {
      snapshot: look,
      done: run.done,
      refreshMs: flags.refresh ?? REFRESH_MS[where],
      frames: flags.frames,
      holdMs: HOLD_MS,
    });
    ended.abort();
    const summary = await run.stop();
    await fed;
    return await close(
      context,
      stage,
      { ...summary, snapshot: rates.refine(summary.snapshot) },
      end === 'quit' ? 'quit' : summary.reason,
    );
  } finally {
    ended.abort();
    await stopQuietly(run);
  }
}

async function stopQuietly(run: PipelineRun): Promise<void> {
  await run.stop();
}

/** Sends the sample at a multiple of its own speed: rows a little out of order, a few of them far too late. */
async function feed(
  context: Context,
  { sample, flags, connection }: Stage,
  run: PipelineRun,
  progress: FeedProgress,
  signal: AbortSignal,
): Promise<void> {
  await untilReading(context, run, signal);
  const rows = sample.texts.length;
  const durationMs = flags.duration ?? DURATION_MS[isLive(context, flags) ? 'terminal' : 'elsewhere'];
  const nowMs = context.clock.now();
  const firstMs = nowMs - (nowMs % MINUTE_MS) - SAMPLE_MS;
  const random = seededRandom(SEED);
  const producer = connection.producer({});
  const timestampMs = (row: number): number => {
    const backMs = row % 300 === 299 ? LATE_MS : random.below(DISORDER_MS);
    return firstMs + Math.max(0, Math.round(dueShare(row / rows) * SAMPLE_MS) - backMs);
  };
  try {
    const pace = { lots: lotsOf(rows, durationMs), timestampMs };
    await feedSample(sample, pace, { clock: context.clock, producer, signal, progress });
  } finally {
    await producer.close(signal.aborted);
  }
}

/** Looks often enough for the finer history, however seldom pictures are made. */
async function sampleRates({ clock }: Context, look: () => unknown, signal: AbortSignal): Promise<void> {
  for (; !signal.aborted; await clock.sleep(STEP_MS, signal)) look();
}

/** Rows that are sent before the run reads would come in one rush. */
async function untilReading({ clock }: Context, run: PipelineRun, signal: AbortSignal): Promise<void> {
  const startMs = clock.elapsed();
  while (run.snapshot().state === 'starting' && clock.elapsed() - startMs < START_MS && !signal.aborted) {
    await clock.sleep(POLL_MS, signal);
  }
}

/** The run knows its end beforehand and would call all that is not sent yet its lag. */
function withLag(snapshot: DashboardSnapshot, { sentRows }: FeedProgress): DashboardSnapshot {
  const lag = Math.max(0, sentRows - snapshot.counts.rowsIn);
  return { ...snapshot, lag, sources: snapshot.sources.map((source) => ({ ...source, lag })) };
}

/** When a share of the rows has happened, as a share of the time: there are busy minutes and quiet ones. */
function dueShare(rowShare: number): number {
  return rowShare + 0.6 * (Math.sin(4 * Math.PI * rowShare) / (4 * Math.PI));
}

/** All rows that fell due in the same moment go out together. */
function lotsOf(rows: number, durationMs: number): readonly Lot[] {
  const lots = new Map<number, Lot>();
  for (let row = 0; row < rows; row++) {
    const atMs = Math.ceil((dueShare(row / rows) * durationMs) / LOT_EVERY_MS) * LOT_EVERY_MS;
    lots.set(atMs, { endRow: row + 1, atMs });
  }
  return [...lots.values()];
}

function isLive(context: Context, flags: DemoFlags): boolean {
  return context.stdout.isTerminal && !flags.frames && !context.machine && context.env.TERM !== 'dumb';
}

/** The last words: what happened, and what to type next. */
async function close(context: Context, stage: Stage, summary: EndSummary, reason: string): Promise<Outcome> {
  const { flags, plan } = stage;
  if (summary.error) throw summary.error;
  if (isLive(context, flags)) await leavePicture(context, summary);
  await endFrames(context, { once: false, ...flags }, reason);
  if (!context.machine) for (const line of nextSteps(context.say, plan, summary)) context.note(line);
  return { reason, result: runResult(summary.snapshot) };
}

/** The screen is gone with the dashboard: the last picture is put where the person can scroll back to it. */
async function leavePicture(context: Context, { snapshot }: EndSummary): Promise<void> {
  const [{ loadDashboard }, { frameText }] = await Promise.all([
    import('../../../ui/dashboard/load.js'),
    import('../../../ui/frames/frame-text.js'),
  ]);
  const { StillDashboard } = await loadDashboard();
  const dashboard = new StillDashboard(context.say);
  const { columns, rows } = context.stdout;
  // The last words below it have to find room too.
  const size = { columns, rows: Math.min(rows - 7, 24) };
  context.stdout.write(frameText(dashboard.frame(snapshot, size, context.style.unicode), context.style.color));
  dashboard.close();
}

function nextSteps(say: Say, plan: Plan, summary: EndSummary): readonly string[] {
  return [
    `${closingText(say, summary.snapshot)}. Nothing is left of it. Next:`,
    `  streamctl replay ${plan.name}.csv --batch 100 --pause 10s   send a file of yours`,
    `  streamctl watch ${plan.name}                                this dashboard over it`,
    '  streamctl --help                                    everything else',
  ];
}
