import { defineCommand, type Input } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import type { Outcome } from './shared/frame/outcome.js';
import { FRAME_FORMATS } from './shared/running/show-dashboard.js';
import { pipelineOf, readName } from './shared/settings/names.js';
import { SOURCE_FLAGS } from './shared/sources/source-flags.js';

const flags = {
  by: { type: 'list', separator: ',', placeholder: 'COL,...', help: 'for a topic: columns that make the groups' },
  agg: { type: 'string', placeholder: 'LIST', help: "for a topic: what is shown, 'count(), avg(price)'" },
  window: { type: 'string', placeholder: 'D', default: '1m', help: 'for a topic: size of the windows' },
  time: { type: 'string', placeholder: 'COL', help: 'for a topic: column of the event time' },
  lateness: { type: 'string', placeholder: 'D', default: '5s', help: 'for a topic: how late a row may come' },
  where: { type: 'string', placeholder: 'EXPR', help: 'for a topic: only rows for which it is true' },
  param: { type: 'list', placeholder: 'NAME=VALUE', help: 'a parameter of the pipeline, repeat for more' },
  table: {
    type: 'list',
    placeholder: 'NAME=FILE',
    help: 'a file for a reference table of the pipeline, repeat for more',
  },
  ...SOURCE_FLAGS,
  page: { type: 'string', placeholder: 'N|SINK', help: 'results of which sink to begin with; tab turns to the next' },
  top: { type: 'number', integer: true, min: 1, placeholder: 'N', help: 'show at most so many keys' },
  refresh: { type: 'duration', placeholder: 'D', help: 'between two pictures; 250ms on a terminal, else 1s' },
  once: { type: 'boolean', help: 'one picture of what is there now, then end' },
  frames: { type: 'choice', choices: FRAME_FORMATS, help: 'pictures as data: text, ndjson, or one svg' },
} as const;
const args = [{ name: 'name', help: 'a pipeline, a file that says one, or a topic of JSON records' }] as const;

/** Values of the command line of `watch`. */
export type WatchInput = Input<typeof flags, typeof args>;

/** `watch` */
export const watch = defineCommand({
  path: 'watch',
  summary: 'a live dashboard of a pipeline or a topic',
  description:
    'Shows the run of a pipeline that is going on, wherever it was started. Where there is none, it runs the ' +
    'pipeline itself until q. A topic is shown through windows that --by, --agg and --window describe.\n\n' +
    'On a terminal: q leaves, p holds the picture, s sorts, / filters, ? helps. Elsewhere the same pictures come as ' +
    'text or NDJSON.',
  arguments: args,
  flags,
  examples: [
    { line: 'streamctl watch cars', note: 'mean price per manufacturer, live' },
    { line: 'streamctl watch velib --source simulated', note: 'bikes of a made-up day, a minute per second' },
    { line: 'streamctl watch cars --once --frames svg', note: 'a picture for a page' },
    { line: "streamctl watch readings --by sensor --agg 'count(), avg(value)' --window 10s", note: 'any topic' },
    { line: 'streamctl watch cars --frames ndjson --until windows=10', note: 'the same as data' },
  ],
  exits: [0, 2, 3, 4, 5, 130, 143],
  resultSchema: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['frame', 'end'] },
      pipeline: { type: 'string' },
      state: { type: 'string' },
      at: { type: ['string', 'null'] },
      elapsedMs: { type: 'number' },
      rowsPerSecond: { type: 'number' },
      lag: { type: ['number', 'null'] },
      watermark: { type: ['string', 'null'] },
      counts: { type: 'object' },
      sources: { type: 'array' },
      results: { type: 'array', items: { type: 'object' } },
      notes: { type: 'array' },
    },
    required: ['type'],
  },
  streaming: true,
  dynamicFlags: async (words) => (await import('./shared/sources/pipeline-parameters.js')).pipelineFlags(words),
  async run(context, input): Promise<Outcome> {
    const typed = readName(input.args.name);
    const { loadNamedFile } = await import('./shared/running/load-pipeline.js');
    const plan =
      (await loadNamedFile(context, typed)) ?? (await pipelineOf(typed, (name) => topicExists(context, name)));
    const [{ watchPipeline }, { watchTopic }] = await Promise.all([
      import('./shared/running/watch-pipeline.js'),
      import('./shared/running/watch-topic.js'),
    ]);
    return plan ? watchPipeline(context, plan, input) : watchTopic(context, typed.name, input);
  },
});

async function topicExists(context: Context, name: string): Promise<boolean> {
  const { withClient } = await import('./shared/broker/kafka.js');
  return withClient(context, async (client) =>
    (await client.cluster([name])).topics.some((topic) => topic.name === name),
  );
}
