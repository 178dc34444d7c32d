import { defineCommand } from './shared/frame/command.js';
import { openUserFile } from './shared/frame/user-file.js';

/** `context list` */
export const contextList = defineCommand({
  path: 'context list',
  summary: 'list named settings',
  arguments: [],
  flags: {},
  examples: [{ line: 'streamctl context list', note: 'names and brokers; the current one is marked' }],
  exits: [0, 2],
  resultSchema: {
    type: 'object',
    properties: {
      contexts: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            brokers: { type: ['string', 'null'] },
            current: { type: 'boolean' },
          },
          required: ['name', 'brokers', 'current'],
        },
      },
    },
    required: ['contexts'],
  },
  async run(context) {
    const file = await openUserFile(context);
    const contexts = Object.entries(file.contexts).map(([name, settings]) => ({
      name,
      brokers: typeof settings?.brokers === 'string' ? settings.brokers : null,
      current: name === file.current,
    }));
    return {
      result: { contexts },
      view: {
        kind: 'table',
        columns: [{ key: 'current', title: '' }, { key: 'name' }, { key: 'brokers' }],
        rows: contexts.map(({ name, brokers, current }) => [current ? '*' : '', name, brokers ?? 'embedded']),
        empty: `no contexts in ${file.path}`,
      },
    };
  },
});
