import { withAdmin } from './shared/broker/kafka.js';
import { adminError, chooseTopics, TOPIC_STATUS_SCHEMA, type TopicStatus } from './shared/broker/topic-flags.js';
import { defineCommand } from './shared/frame/command.js';
import { confirm } from './shared/frame/confirm.js';
import { statusOutcome } from './shared/frame/status-outcome.js';
import { topicNames } from './shared/settings/names.js';

const NAMES_ASKED = 10;

/** `topics delete` */
export const topicsDelete = defineCommand({
  path: 'topics delete',
  summary: 'delete topics with all their records',
  arguments: [{ name: 'name', variadic: true, help: 'topics' }],
  flags: { regex: { type: 'boolean', help: 'names are regular expressions' } },
  examples: [
    { line: 'streamctl topics delete readings -y', note: 'without being asked' },
    { line: "streamctl topics delete --regex 'test-.*' --dry-run", note: 'says which ones would go' },
  ],
  exits: [0, 2, 3, 6],
  resultSchema: TOPIC_STATUS_SCHEMA,
  mutating: true,
  async run(context, { args, flags }) {
    const names = flags.regex ? args.name : topicNames(args.name);
    return withAdmin(context, async (admin, client) => {
      const { chosen, unknown } = chooseTopics(names, flags.regex, (await client.cluster()).topics);
      const failures = [...unknown];
      const found = chosen.map(({ name }) => name);
      const statuses: TopicStatus[] = flags.regex
        ? []
        : names
            .filter((name) => !found.includes(name))
            .map((name) => ({ name, status: 'failed', message: `topic "${name}" does not exist` }));
      if (context.dryRun) {
        statuses.push(...found.map((name) => ({ name, status: 'would be deleted', message: null })));
        return statusOutcome(statuses, failures);
      }
      if (found.length > 0) await confirm(context, question(found));
      for (const result of await admin.deleteTopics(found)) {
        const { name } = result;
        if (result.errorCode === 0) {
          statuses.push({ name, status: 'deleted', message: null });
        } else {
          const failure = adminError(`cannot delete topic "${name}"`, result);
          failures.push(failure);
          statuses.push({ name, status: 'failed', message: failure.message });
        }
      }
      return statusOutcome(statuses, failures);
    });
  },
});

function question(names: readonly string[]): string {
  const more = names.length > NAMES_ASKED ? `, and ${names.length - NAMES_ASKED} more` : '';
  const shown = names.slice(0, NAMES_ASKED).join(', ') + more;
  return `delete ${names.length === 1 ? `topic ${shown}` : `${names.length} topics (${shown})`} with all records?`;
}
