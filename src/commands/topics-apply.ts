import { StreamctlError } from '../base/errors.js';
import type { Admin } from '../connect/kafka/interfaces.js';
import { withAdmin } from './shared/broker/kafka.js';
import { readTopicsFile, type TopicChange, topicChanges } from './shared/broker/topic-changes.js';
import { adminError, TOPIC_STATUS_SCHEMA, type TopicStatus } from './shared/broker/topic-flags.js';
import { defineCommand } from './shared/frame/command.js';
import { statusOutcome } from './shared/frame/status-outcome.js';

/** `topics apply` */
export const topicsApply = defineCommand({
  path: 'topics apply',
  summary: 'make topics as a file says',
  description: 'Creates what is missing, adds partitions, sets the settings that are named. Nothing is ever deleted.',
  arguments: [],
  flags: {
    file: {
      type: 'string',
      short: 'f',
      placeholder: 'FILE',
      required: true,
      help: 'YAML or JSON: topics: [{ name, partitions, config }]',
    },
  },
  examples: [
    { line: 'streamctl topics apply -f topics.yaml', note: 'again and again with the same outcome' },
    { line: 'streamctl topics apply -f topics.yaml --dry-run', note: 'what it would do' },
  ],
  exits: [0, 2, 3, 6],
  resultSchema: TOPIC_STATUS_SCHEMA,
  mutating: true,
  async run(context, { flags }) {
    const wanted = await readTopicsFile(context, flags.file);
    return withAdmin(context, async (admin, client) => {
      const statuses: TopicStatus[] = [];
      const failures: StreamctlError[] = [];
      for (const change of await topicChanges(admin, client, wanted)) {
        const failure = await apply(admin, change, context.dryRun);
        if (failure) failures.push(failure);
        const status = failure ? 'failed' : statusOf(change.kind, context.dryRun);
        statuses.push({ name: change.topic.name, status, message: failure?.message ?? null });
      }
      return statusOutcome(statuses, failures);
    });
  },
});

function statusOf(kind: TopicChange['kind'], dryRun: boolean): string {
  if (kind === 'none') return 'unchanged';
  const done = kind === 'create' ? 'created' : 'altered';
  return dryRun ? `would be ${done}` : done;
}

async function apply(admin: Admin, change: TopicChange, validateOnly: boolean): Promise<StreamctlError | undefined> {
  const { topic, kind, partitions, configs, impossible } = change;
  const what = `cannot ${kind} topic "${topic.name}"`;
  if (impossible !== undefined) return new StreamctlError('conflict', `topic "${topic.name}": ${impossible}`);
  if (kind === 'create') {
    const [result] = await admin.createTopics([topic], { validateOnly });
    return result && result.errorCode !== 0 ? adminError(what, result) : undefined;
  }
  if (partitions !== undefined) {
    const result = await admin.createPartitions(topic.name, partitions, { validateOnly });
    if (result.errorCode !== 0) return adminError(what, result);
  }
  if (configs.length > 0) {
    const set = configs.map(({ name, to }) => ({ name, set: to }));
    const result = await admin.alterTopicConfigs(topic.name, set, { validateOnly });
    if (result.errorCode !== 0) return adminError(what, result);
  }
  return undefined;
}
