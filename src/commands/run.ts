import { StreamctlError } from '../base/errors.js';
import type { Plan } from '../plan/plan.js';
import { defineCommand } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import type { Outcome } from './shared/frame/outcome.js';
import type { RunSettings } from './shared/running/run-snapshot.js';
import type { LiveWishes } from './shared/sources/pipeline-parameters.js';
import { SOURCE_FLAGS } from './shared/sources/source-flags.js';

/** `run` */
export const run = defineCommand({
  path: 'run',
  summary: 'run a pipeline: its sources, its query, its sinks',
  description:
    'Reads the source topics as a member of the group streamctl-<pipeline>, goes on where the last run stopped, and ' +
    "writes results to the pipeline's topics. Topics that are missing are made. Ctrl-C saves and ends; windows that " +
    'are open then are completed by the next run. Rows that break a rule go to <pipeline>-dead-letters, rows that come ' +
    'too late to <pipeline>-late.',
  arguments: [
    { name: 'pipeline', help: 'a built-in pipeline, or a file that says one: ./mine.pipeline.yaml, .json, .ts, .js' },
  ],
  flags: {
    from: {
      type: 'string',
      placeholder: 'PLACE',
      help: 'where to begin when there was no run before: start (usual), end, +N, -N, @time, or the file of a snapshot',
    },
    resetState: { type: 'boolean', help: 'forget offsets and open windows of former runs' },
    stopWithSnapshot: {
      type: 'string',
      placeholder: 'FILE',
      help: 'take the pipeline over from whoever runs it and write its snapshot here, or into this folder; with --until read so far first',
    },
    state: {
      type: 'string',
      placeholder: 'DIR',
      help: 'keep copies of the state here too, one folder per pipeline: a restart reads them instead of the topic',
    },
    emit: { type: 'string', placeholder: 'RULE', help: 'when results are given out: final, update or every=5s' },
    param: { type: 'list', placeholder: 'NAME=VALUE', help: 'a parameter of the pipeline, repeat for more' },
    table: {
      type: 'list',
      placeholder: 'NAME=FILE',
      help: 'a file for a reference table of the pipeline, repeat for more',
    },
    time: {
      type: 'string',
      placeholder: 'COL',
      help: 'column or expression with the event time, instead of what the pipeline says',
    },
    onError: {
      type: 'choice',
      choices: ['quarantine', 'skip', 'stop'],
      default: 'quarantine',
      help: 'records that cannot be used: to <pipeline>-dead-letters, only counted, or the end of the run',
    },
    maxAhead: {
      type: 'string',
      placeholder: 'D',
      default: '1d',
      help: 'event times further ahead of the clock are rejected; none takes any',
    },
    maxGroups: {
      type: 'number',
      integer: true,
      min: 1,
      placeholder: 'N',
      help: 'bound of the groups or rows that one step holds in memory (2,000,000)',
    },
    idle: { type: 'duration', placeholder: 'D', help: 'silence after which a partition no longer holds windows back' },
    ...SOURCE_FLAGS,
    delivery: {
      type: 'choice',
      choices: ['exactly-once', 'at-least-once'],
      default: 'exactly-once',
      help: 'exactly-once shows results at the checkpoint after them; at-least-once at once, after a crash again',
    },
    parallel: {
      type: 'number',
      integer: true,
      min: 1,
      max: 64,
      default: 1,
      placeholder: 'N',
      help: 'workers of this process, each but the first in a thread of its own; more than partitions have nothing to read',
    },
    checkpoint: { type: 'duration', placeholder: 'D', default: '5s', help: 'how often offsets and state are saved' },
  },
  examples: [
    { line: 'streamctl run cars', note: 'mean price per manufacturer, minute by minute' },
    { line: 'streamctl run cars --until eof --json', note: 'all there is now, as NDJSON' },
    { line: 'streamctl run stocks --source simulated', note: 'no network, no key' },
    { line: 'streamctl run weather --city Strasbourg,Paris --every 10m', note: 'polls two cities' },
    { line: 'streamctl run velib --source velib.cassette --speed 60x', note: 'what was recorded, an hour in a minute' },
    { line: 'streamctl run ./mine.pipeline.yaml', note: 'a pipeline of your own' },
    { line: 'streamctl run cars --parallel 2', note: 'two workers; the same command elsewhere adds more' },
    { line: 'streamctl run cars --reset-state --from @-1h', note: 'begins anew with the last hour' },
    {
      line: 'streamctl run cars --stop-with-snapshot cars.snapshot',
      note: 'ends whoever runs it, and keeps where it was',
    },
    { line: 'streamctl run cars --reset-state --from cars.snapshot', note: 'goes back there' },
    { line: 'streamctl run cars --on-error stop --until eof', note: 'ends at the first record that cannot be used' },
  ],
  exits: [0, 2, 3, 4, 5, 130, 143],
  resultSchema: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['window', 'progress', 'late', 'rejected', 'end'] },
      sink: { type: 'string' },
      window_start: { type: 'string' },
      window_end: { type: 'string' },
      reason: { type: 'string', enum: ['watermark', 'idle', 'eof', 'timeout', 'update'] },
      row: { type: 'object' },
    },
    required: ['type'],
  },
  streaming: true,
  dynamicFlags: async (words) => (await import('./shared/sources/pipeline-parameters.js')).pipelineFlags(words),
  async run(context, { args, flags, extra }) {
    const [
      { planWith, readMaxAhead, readParameters, readTables },
      { readBeginning, snapshotTarget, stopWithSnapshot },
      { resolveParameters },
      { loadPipeline },
      { readPipelineFlags },
    ] = await Promise.all([
      import('./shared/running/run-flags.js'),
      import('./shared/running/run-snapshot.js'),
      import('../plan/parameters.js'),
      import('./shared/running/load-pipeline.js'),
      import('./shared/sources/pipeline-parameters.js'),
    ]);
    const plan = planWith(await loadPipeline(context, args.pipeline), flags);
    const path = flags.stopWithSnapshot && snapshotTarget(context, flags.stopWithSnapshot, plan);
    const { parameters, live } = readPipelineFlags(plan, extra);
    const nowMs = context.clock.now();
    if (flags.parallel > 1 && context.stream.wantsRows) throw rowsElsewhere();
    const ways: RunWays = { source: flags.source, speed: flags.speed, workers: flags.parallel, live };
    const settings: RunSettings = {
      parameters: resolveParameters(plan, readParameters([...flags.param, ...parameters]), nowMs),
      tables: readTables(plan, flags.table),
      ...(await readBeginning(context, flags.from)),
      resetState: flags.resetState,
      ...(flags.state === undefined ? {} : { stateFolder: stateFolder(context, flags.state) }),
      delivery: flags.delivery,
      checkpointEveryMs: flags.checkpoint,
      onError: flags.onError,
      maxAheadMs: readMaxAhead(flags.maxAhead),
      ...(flags.maxGroups === undefined ? {} : { maxGroups: flags.maxGroups }),
      ...(flags.idle === undefined ? {} : { idleAfterMs: flags.idle }),
    };
    const run = (more: RunSettings): Promise<Outcome> => work(context, plan, ways, more);
    return path ? stopWithSnapshot(context, plan, settings, { path, run }) : run(settings);
  },
});

function rowsElsewhere(): StreamctlError {
  return new StreamctlError('usage', '--until expr looks at each row, which several workers do not hand around', {
    hint: 'leave --parallel out, or use --until count=, windows=, lag= or eof',
  });
}

/** An absolute folder, there or to be made. @throws `usage` when it is something else */
function stateFolder(context: Context, text: string): string {
  const path = context.resolvePath(text);
  if (!context.files.exists(path)) return path;
  try {
    context.files.list(path);
    return path;
  } catch (error) {
    throw new StreamctlError('usage', `--state ${text} is no folder that can be read`, {
      detail: (error as Error).message,
      hint: 'name a folder; it is made when it is not there',
    });
  }
}

function takenOver(pipeline: string): StreamctlError {
  return new StreamctlError('conflict', `another run took pipeline "${pipeline}" over before --until held`, {
    detail: 'it writes a snapshot: --stop-with-snapshot',
    hint: 'what was read so far is saved; run the same again when it has ended',
  });
}

/** What feeds the pipeline meanwhile, and how many run it. */
interface RunWays {
  readonly source: string | undefined;
  readonly speed: string | undefined;
  readonly workers: number;
  readonly live: LiveWishes;
}

/** Runs until the stream is over. */
async function work(
  context: Context,
  plan: Plan,
  { source, speed, workers, live }: RunWays,
  settings: RunSettings,
): Promise<Outcome> {
  const [
    { startPipelineRun },
    { startParallelRun },
    { runPlace },
    { closingText, runResult, streamListener },
    { WindowPrinter },
    internal,
  ] = await Promise.all([
    import('../run/pipeline-run.js'),
    import('../run/parallel-run.js'),
    import('./shared/running/run-place.js'),
    import('./shared/running/run-listener.js'),
    import('./shared/records/window-printer.js'),
    import('../run/internal-topics.js'),
  ]);
  const printer = new WindowPrinter(context);
  const { startFeed, untilSent } = await import('./shared/sources/pipeline-feed.js');
  const { wantsEof } = context.stream;
  const feed = await startFeed(context, plan, {
    source,
    speed,
    atOnce: wantsEof,
    values: settings.parameters ?? {},
    live,
  });
  // What a bounded run reads has to be there when it begins.
  if (wantsEof) await untilSent(context, feed);
  const options = {
    plan,
    place: runPlace(context),
    bounded: wantsEof,
    listener: streamListener(context, printer),
    ...settings,
  };
  const running =
    workers === 1 ? startPipelineRun(options) : startParallelRun(options, workers, context.program.startWorker);
  const stop = (): void => void running.stop();
  context.signal.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) stop();
  void feed?.ended.then((failure) => failure && stop());
  const summary = await running.done;
  await feed?.stop();
  context.signal.removeEventListener('abort', stop);
  printer.flush();
  context.progress(undefined);
  const failure = summary.error ?? (await feed?.ended);
  if (failure) throw failure;
  if (summary.reason === 'taken-over' && context.stream.required) throw takenOver(plan.name);
  const { deadLetters, late } = internal.internalTopics(plan);
  const topics = { deadLetters: settings.onError === 'skip' ? undefined : deadLetters, late };
  context.note(closingText(context.say, summary.snapshot, topics));
  return { reason: summary.reason, result: runResult(summary.snapshot, topics) };
}
