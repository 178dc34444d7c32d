import type { Plan, TopicSpec } from '../plan/plan.js';

/** Names of the topics that a run of `plan` keeps for itself. */
export interface InternalTopics {
  /** Records and rows that could not be used, with the reason. */
  readonly deadLetters: string;
  /** Rows that came after their windows had closed. */
  readonly late: string;
  /** One look at the run a second; what `watch` reads. */
  readonly status: string;
  /** State of the open windows as of each checkpoint. */
  readonly changelog: string;
}

/** See {@link InternalTopics}. */
export function internalTopics(plan: Plan): InternalTopics {
  return {
    deadLetters: plan.deadLetters,
    late: `${plan.name}-late`,
    status: statusTopic(plan.name),
    changelog: `streamctl-${plan.name}-state-changelog`,
  };
}

/** Topic of the status records of a pipeline. */
export function statusTopic(pipeline: string): string {
  return `${pipeline}-status`;
}

/** Group in which the workers of a pipeline share its partitions. */
export function groupOf(pipeline: string): string {
  return `streamctl-${pipeline}`;
}

/** Every topic that a run of `plan` needs: its own ones, and those of {@link internalTopics}. */
export function neededTopics(plan: Plan): readonly TopicSpec[] {
  const { deadLetters, late, status, changelog } = internalTopics(plan);
  const needed = [
    ...plan.topics,
    single(deadLetters, {}),
    single(late, {}),
    // Only the newest look counts.
    single(status, { 'cleanup.policy': 'compact' }),
    single(changelog, { 'cleanup.policy': 'compact', 'max.message.bytes': '1048588' }),
  ];
  return needed
    .filter((topic, index) => needed.findIndex(({ name }) => name === topic.name) === index)
    .map(lastingTopic);
}

/**
 * The topic kept for ever, unless its settings say how long. Records are stamped with event times: those of a replayed history
 * would be gone within minutes where a cluster keeps seven days.
 */
export function lastingTopic(topic: TopicSpec): TopicSpec {
  const { config } = topic;
  const isSaid = 'retention.ms' in config || 'cleanup.policy' in config;
  return isSaid ? topic : { ...topic, config: { ...config, 'retention.ms': '-1' } };
}

function single(name: string, config: Readonly<Record<string, string>>): TopicSpec {
  return { name, partitions: 1, replicas: 1, config };
}
