import { StreamctlError } from '../base/errors.js';
import { withAdmin } from './shared/broker/kafka.js';
import { changeText, readTopicsFile, topicChanges } from './shared/broker/topic-changes.js';
import { defineCommand } from './shared/frame/command.js';

/** `topics diff` */
export const topicsDiff = defineCommand({
  path: 'topics diff',
  summary: 'compare a file of topics with what is there',
  arguments: [],
  flags: {
    file: {
      type: 'string',
      short: 'f',
      placeholder: 'FILE',
      required: true,
      help: 'YAML or JSON: topics: [{ name, partitions, config }]',
    },
    exitCode: { type: 'boolean', help: 'exit 4 when there are differences' },
  },
  examples: [{ line: 'streamctl topics diff -f topics.yaml --exit-code', note: 'for CI' }],
  exits: [0, 2, 3, 4],
  resultSchema: {
    type: 'object',
    properties: {
      equal: { type: 'boolean' },
      topics: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            change: { type: 'string', enum: ['create', 'alter', 'none'] },
            text: { type: 'string' },
          },
          required: ['name', 'change', 'text'],
        },
      },
    },
    required: ['equal', 'topics'],
  },
  async run(context, { flags }) {
    const wanted = await readTopicsFile(context, flags.file);
    return withAdmin(context, async (admin, client) => {
      const changes = await topicChanges(admin, client, wanted);
      const different = changes.filter(({ kind, impossible }) => kind !== 'none' || impossible !== undefined);
      const topics = changes.map((change) => ({
        name: change.topic.name,
        change: change.kind,
        text: changeText(change),
      }));
      const failed = flags.exitCode && different.length > 0;
      return {
        result: { equal: different.length === 0, topics },
        view: {
          kind: 'table',
          columns: [{ key: 'topic' }, { key: 'difference' }],
          rows: topics.map(({ name, text }) => [name, text]),
        },
        failures: failed
          ? [
              new StreamctlError('assertion-failed', `${different.length} topics differ from ${flags.file}`, {
                hint: `streamctl topics apply -f ${flags.file}`,
              }),
            ]
          : [],
      };
    });
  },
});
