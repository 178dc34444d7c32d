import { stringifyJson } from '../ui/output/json.js';
import { defineCommand } from './shared/frame/command.js';
import { findPipeline, readName } from './shared/settings/names.js';

/** `pipelines show` */
export const pipelinesShow = defineCommand({
  path: 'pipelines show',
  summary: 'show a pipeline as data',
  arguments: [{ name: 'name', help: 'pipeline' }],
  flags: { format: { type: 'choice', choices: ['yaml', 'json'], default: 'yaml', help: 'how it is written' } },
  examples: [
    { line: 'streamctl pipelines show cars', note: 'sources, steps, sinks, topics, dashboard' },
    { line: 'streamctl pipelines show cars --json', note: 'the same in the envelope of every command' },
  ],
  exits: [0, 2],
  resultSchema: {
    type: 'object',
    description: 'the plan',
    properties: { name: { type: 'string' } },
    required: ['name'],
  },
  async run(_context, { args, flags }) {
    const plan = await findPipeline(readName(args.name).name);
    let text = stringifyJson(plan, 2);
    if (flags.format === 'yaml') text = (await import('yaml')).stringify(plan, { lineWidth: 0 }).trimEnd();
    return { result: plan, view: { kind: 'lines', lines: text.split('\n') } };
  },
});
