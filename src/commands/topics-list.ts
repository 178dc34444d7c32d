import { withClient } from './shared/broker/kafka.js';
import { defineCommand } from './shared/frame/command.js';
import { namePattern } from './shared/settings/names.js';

/** `topics list` */
export const topicsList = defineCommand({
  path: 'topics list',
  summary: 'list topics',
  arguments: [{ name: 'pattern', optional: true, help: 'regular expression that whole names must match' }],
  flags: { internal: { type: 'boolean', short: 'i', help: 'topics of the broker itself too' } },
  examples: [
    { line: 'streamctl topics list', note: 'all topics' },
    { line: "streamctl topics list 'cars-.*' --json", note: 'some of them, for a program' },
  ],
  exits: [0, 2, 3],
  resultSchema: {
    type: 'object',
    properties: {
      topics: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            partitions: { type: 'number' },
            replicas: { type: 'number' },
            internal: { type: 'boolean' },
            id: { type: 'string', description: '22 characters of base64url; all A where the broker has no ids' },
          },
          required: ['name', 'partitions', 'replicas', 'internal', 'id'],
        },
      },
    },
    required: ['topics'],
  },
  async run(context, { args, flags }) {
    const pattern = args.pattern === undefined ? undefined : namePattern(args.pattern);
    return withClient(context, async (client) => {
      const { topics } = await client.cluster();
      const shown = topics
        .filter(({ name, internal }) => (flags.internal || !internal) && (pattern?.test(name) ?? true))
        .map(({ name, partitions, internal, topicId }) => ({
          name,
          partitions: partitions.length,
          replicas: partitions[0]?.replicas.length ?? 0,
          internal,
          id: topicId,
        }));
      return {
        result: { topics: shown },
        view: {
          kind: 'table',
          columns: [
            { key: 'name' },
            { key: 'partitions' },
            { key: 'replicas' },
            { key: 'internal', wide: true },
            { key: 'id', wide: true },
          ],
          rows: shown.map(({ name, partitions, replicas, internal, id }) => [name, partitions, replicas, internal, id]),
          empty: 'no topics yet: streamctl topics create NAME',
        },
      };
    });
  },
});
