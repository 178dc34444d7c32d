import { StreamctlError } from '../base/errors.js';
import type { Admin, NewTopic } from '../connect/kafka/interfaces.js';
import { lastingTopic } from '../run/internal-topics.js';
import { withAdmin } from './shared/broker/kafka.js';
import {
  adminError,
  BROKER_DEFAULT,
  readConfigs,
  TOPIC_STATUS_SCHEMA,
  type TopicStatus,
} from './shared/broker/topic-flags.js';
import { defineCommand } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import { statusOutcome } from './shared/frame/status-outcome.js';
import { loadNamedFile } from './shared/running/load-pipeline.js';
import { pipelineOf, readName } from './shared/settings/names.js';

/** `topics create` */
export const topicsCreate = defineCommand({
  path: 'topics create',
  summary: 'create topics, or all topics of a pipeline',
  description:
    'The name or file of a pipeline creates its topics. A name that is both is written topic:NAME or pipeline:NAME.',
  arguments: [{ name: 'name', variadic: true, help: 'topics, pipelines or files of pipelines' }],
  flags: {
    partitions: { type: 'number', integer: true, min: 1, max: 100_000, short: 'p', help: 'partitions of each topic' },
    replicas: { type: 'number', integer: true, min: 1, max: 32_767, short: 'r', help: 'copies of each partition' },
    topicConfig: { type: 'list', short: 'c', placeholder: 'KEY=VALUE', help: 'a topic setting, repeat for more' },
    ifNotExists: { type: 'boolean', help: 'a topic that exists already is fine' },
  },
  examples: [
    { line: 'streamctl topics create readings -p 3', note: 'one topic of three partitions' },
    { line: 'streamctl topics create cars', note: 'every topic that the cars pipeline reads and writes' },
    {
      line: 'streamctl topics create prices -c cleanup.policy=compact --if-not-exists',
      note: 'keeps the newest record per key',
    },
  ],
  exits: [0, 2, 3, 6],
  resultSchema: TOPIC_STATUS_SCHEMA,
  mutating: true,
  async run(context, { args, flags }) {
    const configs = readConfigs(flags.topicConfig);
    return withAdmin(context, async (admin, client) => {
      const exists = async (name: string): Promise<boolean> => (await client.cluster([name])).topics.length > 0;
      const wanted = new Map<string, NewTopic>();
      for (const text of args.name) {
        const typed = readName(text);
        const plan = (await loadNamedFile(context, typed)) ?? (await pipelineOf(typed, exists));
        const topics = plan?.topics.map(lastingTopic) ?? [
          { name: typed.name, partitions: BROKER_DEFAULT, replicas: BROKER_DEFAULT, config: {} },
        ];
        for (const topic of topics) {
          wanted.set(topic.name, {
            name: topic.name,
            partitions: flags.partitions ?? topic.partitions,
            replicas: flags.replicas ?? topic.replicas,
            configs: { ...topic.config, ...configs },
          });
        }
        if (plan) context.note(`pipeline ${plan.name}: ${topics.map(({ name }) => name).join(', ')}`);
      }
      const { statuses, failures } = await create(context, admin, [...wanted.values()], flags.ifNotExists);
      return statusOutcome(statuses, failures);
    });
  },
});

async function create(
  context: Context,
  admin: Admin,
  topics: readonly NewTopic[],
  ifNotExists: boolean,
): Promise<{ statuses: TopicStatus[]; failures: StreamctlError[] }> {
  const results = await admin.createTopics(topics, { validateOnly: context.dryRun });
  const failures: StreamctlError[] = [];
  const statuses = results.map((result): TopicStatus => {
    const { name, error } = result;
    if (error === 'NONE') return { name, status: context.dryRun ? 'would be created' : 'created', message: null };
    if (error === 'TOPIC_ALREADY_EXISTS' && ifNotExists) return { name, status: 'exists', message: null };
    const failure = createError(name, adminError(`cannot create topic "${name}"`, result), error);
    failures.push(failure);
    return { name, status: 'failed', message: failure.message };
  });
  return { statuses, failures };
}

function createError(name: string, failure: StreamctlError, error: string): StreamctlError {
  if (error !== 'TOPIC_ALREADY_EXISTS') return failure;
  return new StreamctlError('conflict', `topic "${name}" exists already`, {
    hint: `add --if-not-exists, or look at it: streamctl topics describe ${name}`,
    cause: failure,
  });
}
