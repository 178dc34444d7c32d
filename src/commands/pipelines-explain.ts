import { defineCommand } from './shared/command.js';
import { findPipeline, readName } from './shared/names.js';

/** `pipelines explain` */
export const pipelinesExplain = defineCommand({
  path: 'pipelines explain',
  summary: 'say what a pipeline does, step by step',
  arguments: [{ name: 'name', help: 'pipeline' }],
  flags: {},
  examples: [{ line: 'streamctl pipelines explain cars', note: 'for people who do not read TypeScript' }],
  exits: [0, 2],
  resultSchema: {
    type: 'object',
    properties: { name: { type: 'string' }, text: { type: 'string' } },
    required: ['name', 'text'],
  },
  async run(_context, { args }) {
    const plan = await findPipeline(readName(args.name).name);
    const { explainPlan } = await import('../plan/explain-plan.js');
    const text = explainPlan(plan).trimEnd();
    return { result: { name: plan.name, text }, view: { kind: 'lines', lines: text.split('\n') } };
  },
});
