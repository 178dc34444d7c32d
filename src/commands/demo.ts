import { defineCommand } from './shared/frame/command.js';
import type { Outcome } from './shared/frame/outcome.js';
import { FRAME_FORMATS } from './shared/running/show-dashboard.js';
import { findPipeline, readName } from './shared/settings/names.js';

/** `demo` */
export const demo = defineCommand({
  path: 'demo',
  summary: 'see it all at work in ten seconds; nothing is left behind',
  description:
    'Starts a broker in a temporary folder, makes the topics of a pipeline, replays a small file of made-up data at ' +
    'sixty times its speed, runs the pipeline over it and shows what comes out: live on a terminal, as text ' +
    'elsewhere. Ends by itself and removes everything.',
  arguments: [{ name: 'pipeline', help: 'which pipeline; cars when left out', optional: true }],
  flags: {
    refresh: { type: 'duration', placeholder: 'D', help: 'between two pictures' },
    frames: { type: 'choice', choices: FRAME_FORMATS, help: 'pictures as data: text, ndjson, or one svg' },
    duration: {
      type: 'duration',
      placeholder: 'D',
      help: 'how long the replay takes; 10s on a terminal, 2s elsewhere',
    },
  },
  examples: [
    { line: 'streamctl demo', note: 'used cars, ten seconds' },
    { line: 'streamctl demo cars --frames svg', note: 'the last picture, as SVG' },
    { line: 'streamctl demo --json', note: 'pictures as NDJSON' },
  ],
  exits: [0, 2, 3, 130, 143],
  resultSchema: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['frame', 'end'] },
      pipeline: { type: 'string' },
      state: { type: 'string' },
      counts: { type: 'object' },
      results: { type: 'array', items: { type: 'object' } },
    },
    required: ['type'],
  },
  streaming: true,
  async run(context, { args, flags }): Promise<Outcome> {
    const plan = await findPipeline(readName(args.pipeline ?? 'cars').name);
    const { runDemo } = await import('./shared/running/demo-run.js');
    return runDemo(context, plan, flags);
  },
});
