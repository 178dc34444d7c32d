import { StreamctlError } from '../base/errors.js';
import { withAdmin } from './shared/broker/kafka.js';
import { adminError } from './shared/broker/topic-flags.js';
import { defineCommand } from './shared/frame/command.js';
import { confirm } from './shared/frame/confirm.js';
import { resolvePositions } from './shared/records/offset-positions.js';
import { parseOffsetRange } from './shared/records/offset-range.js';
import { partitionsOf, readPartitions } from './shared/records/partitions.js';

/** `topics trim` */
export const topicsTrim = defineCommand({
  path: 'topics trim',
  summary: 'delete the records before an offset',
  arguments: [{ name: 'topic', help: 'topic' }],
  flags: {
    offset: {
      type: 'string',
      short: 'o',
      placeholder: 'OFFSET',
      required: true,
      help: 'records before it go: 42, end, -10 (ten stay), @-1h',
    },
    partition: {
      type: 'list',
      short: 'p',
      separator: ',',
      placeholder: 'N,...',
      help: 'partitions; all when left out',
    },
  },
  examples: [
    { line: 'streamctl topics trim readings -o end -y', note: 'empties the topic' },
    { line: 'streamctl topics trim readings -o @-24h --dry-run', note: 'what a cut a day ago would remove' },
  ],
  exits: [0, 2, 3, 6],
  resultSchema: {
    type: 'object',
    properties: {
      topic: { type: 'string' },
      partitions: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            partition: { type: 'number' },
            from: { type: 'number', description: 'first offset before' },
            to: { type: 'number', description: 'first offset after' },
            status: { type: 'string' },
          },
          required: ['partition', 'from', 'to', 'status'],
        },
      },
    },
    required: ['topic', 'partitions'],
  },
  mutating: true,
  async run(context, { args, flags, given }) {
    const range = parseOffsetRange(flags.offset, context.clock.now());
    if (range.to) throw new StreamctlError('usage', '-o takes one offset here, not a range');
    const wanted = readPartitions(flags.partition, given('partition'));
    return withAdmin(context, async (admin, client) => {
      const { listOffsets } = await import('../connect/kafka/list-offsets.js');
      const partitions = partitionsOf(await client.topic(args.topic), wanted);
      const cuts = await resolvePositions(client, partitions, range.from);
      const starts = await listOffsets(client, partitions, 'start');
      const gone = cuts.reduce((sum, cut, index) => sum + Math.max(0, cut.offset - starts[index]!.offset), 0);
      if (!context.dryRun) await confirm(context, `delete ${gone} offsets of topic ${args.topic}?`);
      const results = context.dryRun ? [] : await admin.deleteRecords(cuts);
      const failures = results
        .filter(({ errorCode }) => errorCode !== 0)
        .map((result) => adminError(`cannot trim ${result.name}`, result));
      const rows = cuts.map((cut, index) => ({
        partition: cut.partition,
        from: starts[index]!.offset,
        to: Math.max(starts[index]!.offset, cut.offset),
        status: context.dryRun ? 'would be trimmed' : results[index]?.errorCode === 0 ? 'trimmed' : 'failed',
      }));
      return {
        result: { topic: args.topic, partitions: rows },
        view: {
          kind: 'table',
          columns: [{ key: 'partition' }, { key: 'from' }, { key: 'to' }, { key: 'status' }],
          rows: rows.map(({ partition, from, to, status }) => [partition, from, to, status]),
        },
        failures,
        succeeded: rows.length - failures.length,
      };
    });
  },
});
