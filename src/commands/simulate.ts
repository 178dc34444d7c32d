import { withClient } from './shared/broker/kafka.js';
import { defineCommand, type Input } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import type { Outcome } from './shared/frame/outcome.js';
import { SIMULATE_FLAGS } from './shared/sources/simulate-flags.js';

const args = [{ name: 'name', help: 'the built-in pipeline whose source is simulated' }] as const;
type SimulateInput = Input<typeof SIMULATE_FLAGS, typeof args>;

/** `simulate` */
export const simulate = defineCommand({
  path: 'simulate',
  summary: 'a plausible source for a built-in pipeline, without network',
  description:
    'Rows that look and move like those of the real source: bikes flow over a day, prices walk, fronts pass, news come ' +
    'in bursts. Some have mistakes that the real source is known for. The same seed and --start give the same rows. ' +
    'Event time runs at --speed; faster than the clock it begins in the past, catches up, and goes on with the clock.',
  arguments: args,
  flags: SIMULATE_FLAGS,
  examples: [
    { line: 'streamctl simulate velib', note: 'stations since yesterday, a minute per second' },
    { line: 'streamctl simulate cars --rate 500/s --anomalies 5%', note: 'many adverts, now, one in twenty spoilt' },
    { line: 'streamctl simulate stocks --speed max --duration 8h -t -', note: 'eight hours of bars, as lines' },
    { line: 'streamctl simulate weather --shuffle 30m --late 2%:3h --dup 1%', note: 'out of order, late, twice' },
  ],
  exits: [0, 2, 3, 5, 130, 143],
  resultSchema: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['record', 'progress', 'end'] },
      topic: { type: ['string', 'null'] },
      seed: { type: 'number' },
      start: { type: 'string', description: 'event time of the beginning' },
      records: { type: 'number' },
      clean: { type: 'number', description: 'rows without a mistake, each once' },
      subjects: { type: 'object', description: 'clean rows by what they are about' },
      duplicates: { type: 'number' },
      late: { type: 'number' },
      anomalies: { type: 'object', description: 'records with a mistake, by its name' },
      first: { type: ['string', 'null'] },
      last: { type: ['string', 'null'] },
    },
    required: ['type'],
  },
  mutating: true,
  streaming: true,
  run: start,
});

async function start(context: Context, { args: { name }, flags }: SimulateInput): Promise<Outcome> {
  const [{ findPipeline, readName }, { planSimulation, playPlan, playToTopic }, progress] = await Promise.all([
    import('./shared/settings/names.js'),
    import('./shared/sources/simulation.js'),
    import('./shared/sources/simulate-progress.js'),
  ]);
  const plan = await findPipeline(readName(name).name);
  const simulation = planSimulation(plan, flags, context.clock.now());
  const isOutput = simulation.topic === '-';
  context.note(progress.openingText(simulation));
  const about = {
    topic: isOutput ? null : simulation.topic,
    seed: simulation.options.seed,
    start: new Date(simulation.options.startMs).toISOString(),
  };
  if (context.dryRun) return { reason: 'dry run', result: about };
  const shown = new progress.SimulationProgress(context, simulation);
  try {
    const { end, counts } = isOutput
      ? await playPlan(context, simulation, progress.outputSink(context), shown)
      : await withClient(context, (client) => playToTopic(context, client, plan, simulation, shown));
    shown.close();
    context.note(progress.closingText(simulation, counts));
    if (end === 'end') context.stream.eof();
    const { firstMs, lastMs, ...rest } = counts;
    return { reason: end === 'end' ? 'eof' : end, result: { ...about, ...rest, ...progress.span(firstMs, lastMs) } };
  } finally {
    shown.close();
  }
}
