import { StreamctlError } from '../base/errors.js';
import type { Admin, TopicConfigChange } from '../connect/kafka/interfaces.js';
import { withAdmin } from './shared/broker/kafka.js';
import {
  adminError,
  chooseTopics,
  readConfigs,
  TOPIC_STATUS_SCHEMA,
  type TopicStatus,
} from './shared/broker/topic-flags.js';
import { defineCommand } from './shared/frame/command.js';
import { statusOutcome } from './shared/frame/status-outcome.js';
import { topicNames } from './shared/settings/names.js';

/** `topics alter` */
export const topicsAlter = defineCommand({
  path: 'topics alter',
  summary: 'change settings of topics, or add partitions',
  arguments: [{ name: 'name', variadic: true, help: 'topics' }],
  flags: {
    topicConfig: { type: 'list', short: 'c', placeholder: 'KEY=VALUE', help: 'set a topic setting, repeat for more' },
    remove: { type: 'list', placeholder: 'KEY', help: "take a setting back to the broker's default, repeat for more" },
    partitions: { type: 'number', short: 'p', integer: true, min: 1, help: 'raise the number of partitions to N' },
    regex: { type: 'boolean', help: 'names are regular expressions' },
  },
  examples: [
    { line: 'streamctl topics alter readings -c retention.ms=86400000', note: 'keeps records for a day' },
    { line: 'streamctl topics alter readings --remove retention.ms -p 6', note: 'default retention, six partitions' },
  ],
  exits: [0, 2, 3, 6],
  resultSchema: TOPIC_STATUS_SCHEMA,
  mutating: true,
  async run(context, { args, flags }) {
    const changes: TopicConfigChange[] = [
      ...Object.entries(readConfigs(flags.topicConfig)).map(([name, set]) => ({ name, set })),
      ...flags.remove.map((name) => ({ name, remove: true as const })),
    ];
    if (changes.length === 0 && flags.partitions === undefined) {
      throw new StreamctlError('usage', 'nothing to change', { hint: 'give -c KEY=VALUE, --remove KEY or -p N' });
    }
    const names = flags.regex ? args.name : topicNames(args.name);
    return withAdmin(context, async (admin, client) => {
      const { chosen, unknown } = chooseTopics(names, flags.regex, (await client.cluster()).topics);
      const failures = [...unknown];
      const statuses: TopicStatus[] = [];
      for (const topic of chosen) {
        const failure = await alter(admin, topic.name, changes, flags.partitions, context.dryRun);
        if (failure) failures.push(failure);
        const done = context.dryRun ? 'would be altered' : 'altered';
        statuses.push({ name: topic.name, status: failure ? 'failed' : done, message: failure?.message ?? null });
      }
      return statusOutcome(statuses, failures);
    });
  },
});

async function alter(
  admin: Admin,
  name: string,
  changes: readonly TopicConfigChange[],
  partitions: number | undefined,
  validateOnly: boolean,
): Promise<StreamctlError | undefined> {
  const what = `cannot alter topic "${name}"`;
  if (changes.length > 0) {
    const result = await admin.alterTopicConfigs(name, changes, { validateOnly });
    if (result.errorCode !== 0) return adminError(what, result);
  }
  if (partitions !== undefined) {
    const result = await admin.createPartitions(name, partitions, { validateOnly });
    if (result.errorCode !== 0) return adminError(what, result);
  }
  return undefined;
}
