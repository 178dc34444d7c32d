import { defineCommand } from './shared/frame/command.js';
import { allPipelines } from './shared/settings/names.js';

/** `pipelines list` */
export const pipelinesList = defineCommand({
  path: 'pipelines list',
  summary: 'list pipelines',
  arguments: [],
  flags: {},
  examples: [{ line: 'streamctl pipelines list', note: 'what run and watch can be given' }],
  exits: [0, 2],
  resultSchema: {
    type: 'object',
    properties: {
      pipelines: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            description: { type: 'string' },
            sources: { type: 'array', items: { type: 'string' }, description: 'topics that are read' },
            sinks: { type: 'array', items: { type: 'string' }, description: 'topics that are written' },
          },
          required: ['name', 'description', 'sources', 'sinks'],
        },
      },
    },
    required: ['pipelines'],
  },
  async run() {
    const pipelines = (await allPipelines()).map(({ name, description, sources, sinks }) => ({
      name,
      description,
      sources: sources.map(({ topic }) => topic),
      sinks: sinks.map(({ topic }) => topic),
    }));
    return {
      result: { pipelines },
      view: {
        kind: 'table',
        columns: [{ key: 'name' }, { key: 'reads' }, { key: 'writes' }, { key: 'description' }],
        rows: pipelines.map(({ name, sources, sinks, description }) => [
          name,
          sources.join(', '),
          sinks.join(', '),
          description,
        ]),
      },
    };
  },
});
