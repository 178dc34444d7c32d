import { defineCommand } from './shared/frame/command.js';

/** `pipelines show` */
export const pipelinesShow = defineCommand({
  path: 'pipelines show',
  summary: 'show a pipeline as data, the way a file of your own says one',
  arguments: [{ name: 'name', help: 'a pipeline, or a file that says one' }],
  flags: {
    format: {
      type: 'choice',
      choices: ['yaml', 'json', 'mermaid', 'dot'],
      default: 'yaml',
      help: 'how it is written, or drawn: a Mermaid flowchart, a Graphviz graph',
    },
  },
  examples: [
    { line: 'streamctl pipelines show cars', note: 'sources, steps, sinks, dashboard' },
    {
      line: 'streamctl pipelines show cars > mine.pipeline.yaml',
      note: 'to change it and run it: run ./mine.pipeline.yaml',
    },
    { line: 'streamctl pipelines show velib --format mermaid', note: 'a picture for a page of Markdown' },
    { line: 'streamctl pipelines show cars --json', note: 'the same in the envelope of every command' },
  ],
  exits: [0, 2],
  resultSchema: {
    type: 'object',
    description: 'the pipeline, with the keys of a *.pipeline.json',
    properties: { pipeline: { type: 'string' } },
    required: ['pipeline'],
  },
  async run(context, { args, flags }) {
    const [{ loadPipeline }, { writePlan }, { jsonText, yamlText }] = await Promise.all([
      import('./shared/running/load-pipeline.js'),
      import('../plan/document/write-plan.js'),
      import('./shared/running/pipeline-text.js'),
    ]);
    const plan = await loadPipeline(context, args.name);
    const document = writePlan(plan);
    const text = await written();
    return { result: document, view: { kind: 'lines', lines: text.trimEnd().split('\n') } };

    async function written(): Promise<string> {
      if (flags.format === 'json') return jsonText(document);
      if (flags.format === 'yaml') return yamlText(document);
      const { dotText, mermaidText } = await import('../plan/draw-plan.js');
      return flags.format === 'dot' ? dotText(plan) : mermaidText(plan);
    }
  },
});
