import { defineCommand } from './shared/frame/command.js';

/** `pipelines explain` */
export const pipelinesExplain = defineCommand({
  path: 'pipelines explain',
  summary: 'say what a pipeline does, step by step, or as Flink SQL',
  arguments: [{ name: 'name', help: 'a pipeline, or a file that says one' }],
  flags: {
    sql: { type: 'boolean', help: 'the script for Apache Flink; what Flink does otherwise stands in its head' },
    param: {
      type: 'list',
      placeholder: 'NAME=VALUE',
      help: 'a parameter of the pipeline, a constant in the script; repeat for more',
    },
  },
  examples: [
    { line: 'streamctl pipelines explain cars', note: 'for people who do not read TypeScript' },
    { line: 'streamctl pipelines explain cars --sql > cars.sql', note: "for Flink's SQL client" },
  ],
  exits: [0, 2],
  resultSchema: {
    type: 'object',
    properties: { name: { type: 'string' }, text: { type: 'string' } },
    required: ['name', 'text'],
  },
  async run(context, { args, flags }) {
    const { loadPipeline } = await import('./shared/running/load-pipeline.js');
    const plan = await loadPipeline(context, args.name);
    const text = (flags.sql ? await sqlText() : await stepsText()).trimEnd();
    return { result: { name: plan.name, text }, view: { kind: 'lines', lines: text.split('\n') } };

    async function stepsText(): Promise<string> {
      const { explainPlan } = await import('../plan/explain-plan.js');
      return explainPlan(plan);
    }

    async function sqlText(): Promise<string> {
      const [{ flinkScript }, { resolveParameters }, { readParameters }] = await Promise.all([
        import('../flink/flink-script.js'),
        import('../plan/parameters.js'),
        import('./shared/running/run-flags.js'),
      ]);
      const parameters = resolveParameters(plan, readParameters(flags.param), context.clock.now());
      return flinkScript(plan, { parameters }).text;
    }
  },
});
