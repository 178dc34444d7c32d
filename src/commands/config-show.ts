import { defineCommand } from './shared/frame/command.js';

/** `config show` */
export const configShow = defineCommand({
  path: 'config show',
  summary: 'show every setting and where it comes from',
  description:
    'Precedence: flag, -X key=value, environment, .env, streamctl.yaml, context, default. Secrets are not shown.',
  arguments: [],
  flags: {},
  examples: [{ line: 'streamctl config show', note: 'which broker would be used, and why' }],
  exits: [0, 2],
  resultSchema: {
    type: 'object',
    properties: {
      projectFile: { type: ['string', 'null'] },
      userFile: { type: ['string', 'null'] },
      context: { type: ['string', 'null'] },
      settings: {
        type: 'array',
        items: {
          type: 'object',
          properties: { name: { type: 'string' }, value: {}, source: { type: 'string' } },
          required: ['name', 'value', 'source'],
        },
      },
    },
    required: ['projectFile', 'userFile', 'context', 'settings'],
  },
  async run(context) {
    const { projectFile, userFile, contextName, settings } = context.configuration;
    return {
      result: {
        projectFile: projectFile ?? null,
        userFile: userFile ?? null,
        context: contextName ?? null,
        settings,
      },
      view: {
        kind: 'sections',
        sections: [
          {
            view: {
              kind: 'details',
              entries: [
                ['project file', projectFile ?? 'none'],
                ['user file', userFile ?? 'none'],
                ['context', contextName ?? 'none'],
              ],
            },
          },
          {
            view: {
              kind: 'table',
              columns: [{ key: 'name' }, { key: 'value' }, { key: 'source' }],
              rows: settings.map(({ name, value, source }) => [name, value, source]),
            },
          },
        ],
      },
    };
  },
});
