import { type Random, seededRandom } from '../../base/random.js';
import type { Plan } from '../../plan/plan.js';
import type { Connection } from '../../run/connection.js';
import type { EndSummary, PipelineRun } from '../../run/interfaces.js';
import type { Context } from './context.js';
import { clientEdges } from './kafka.js';
import type { Outcome } from './outcome.js';
import { closingText, runResult } from './run-listener.js';
import { feedSample, sampleEnds } from './sample-feed.js';
import { readSample, type SampleRows } from './sample-rows.js';
import { type FrameFormat, showDashboard } from './show-dashboard.js';
import { openTemporaryBroker } from './temporary-broker.js';
import { endFrames, reportingListener } from './watch-run.js';

/** Flags of `demo`. */
export interface DemoFlags {
  readonly refresh?: number | undefined;
  readonly frames?: FrameFormat | undefined;
  readonly duration?: number | undefined;
}

/** Rows of a lot; each lot is a minute of event time. */
const LOT_ROWS = 100;
const MINUTE_MS = 60_000;
const DURATION_MS = { terminal: 10_000, elsewhere: 2_000 };
/** The last picture stands for a moment before the screen is given back. */
const HOLD_MS = 1_500;
const REFRESH_MS = { terminal: 100, elsewhere: 500 };
const SEED = 7;

/** The whole of `demo`: broker, topics, replay, windows, dashboard; in the end nothing is left. */
export async function runDemo(context: Context, plan: Plan, flags: DemoFlags): Promise<Outcome> {
  const sample = await readSample(plan, context.files);
  const broker = await openTemporaryBroker(context);
  try {
    const { openConnection } = await import('../../run/open-connection.js');
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
  readonly place: Parameters<typeof import('../../run/pipeline-run.js')['startPipelineRun']>[0]['place'];
}

async function show(context: Context, stage: Stage): Promise<Outcome> {
  const { plan, sample, flags, connection, place } = stage;
  const [{ startPipelineRun }, { neededTopics }, { resolveParameters }] = await Promise.all([
    import('../../run/pipeline-run.js'),
    import('../../run/internal-topics.js'),
    import('../../plan/parameters.js'),
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
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const fed = feed(context, stage, signal).catch(async (error: unknown) => {
    await run.stop();
    throw error;
  });
  // Awaited below; until then a failure must not count as unhandled.
  fed.catch(() => undefined);
  try {
    const where = isLive(context, flags) ? 'terminal' : 'elsewhere';
    const end = await showDashboard(context, {
      snapshot: () => run.snapshot(),
      done: run.done,
      refreshMs: flags.refresh ?? REFRESH_MS[where],
      frames: flags.frames,
      holdMs: HOLD_MS,
    });
    ended.abort();
    const summary = await run.stop();
    await fed;
    return await close(context, stage, summary, end === 'quit' ? 'quit' : summary.reason);
  } finally {
    ended.abort();
    await stopQuietly(run);
  }
}

async function stopQuietly(run: PipelineRun): Promise<void> {
  await run.stop();
}

/** Sends the sample: each lot is a minute of event time, its rows a little out of order, a few of them far too late. */
async function feed(context: Context, { sample, flags, connection }: Stage, signal: AbortSignal): Promise<void> {
  const lots = Math.ceil(sample.texts.length / LOT_ROWS);
  const durationMs = flags.duration ?? DURATION_MS[isLive(context, flags) ? 'terminal' : 'elsewhere'];
  const nowMs = context.clock.now();
  const firstMs = nowMs - (nowMs % MINUTE_MS) - lots * MINUTE_MS;
  const random = seededRandom(SEED);
  const producer = connection.producer({});
  try {
    await feedSample(
      sample,
      {
        batchRows: LOT_ROWS,
        everyMs: durationMs / lots,
        timestampMs: (row) => firstMs + eventOffsetMs(row, random),
      },
      { clock: context.clock, producer, signal },
    );
  } finally {
    await producer.close(signal.aborted);
  }
}

/** Event time of a row since the first one: in step, up to three seconds back, or, for one row in 300, three minutes. */
function eventOffsetMs(row: number, random: Random): number {
  const inStepMs = (row * MINUTE_MS) / LOT_ROWS;
  const backMs = row % 300 === 299 ? 3 * MINUTE_MS : random.below(3_000);
  return Math.max(0, inStepMs - backMs);
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
  if (!context.machine) for (const line of nextSteps(plan, summary)) context.note(line);
  return { reason, result: runResult(summary.snapshot) };
}

/** The screen is gone with the dashboard: the last picture is put where the person can scroll back to it. */
async function leavePicture(context: Context, { snapshot }: EndSummary): Promise<void> {
  const [{ loadDashboard }, { frameText }] = await Promise.all([
    import('../../ui/dashboard/load.js'),
    import('../../ui/frames/frame-text.js'),
  ]);
  const { StillDashboard } = await loadDashboard();
  const dashboard = new StillDashboard();
  const { columns, rows } = context.stdout;
  const size = { columns, rows: Math.min(rows - 1, 24) };
  context.stdout.write(frameText(dashboard.frame(snapshot, size, context.style.unicode), context.style.color));
  dashboard.close();
}

function nextSteps(plan: Plan, summary: EndSummary): readonly string[] {
  return [
    `${closingText(summary.snapshot)}. The broker and its data are gone again; now with your own:`,
    `  streamctl replay ${plan.name}.csv --batch 100 --pause 10s   a file, in timed batches`,
    `  streamctl watch ${plan.name}                               the same dashboard, live`,
    '  streamctl --help                                 everything else',
  ];
}
