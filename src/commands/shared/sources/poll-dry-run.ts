import { formatDuration } from '../../../base/time.js';
import { redactHeaders, redactUrl } from '../../../connect/sources/poll/credentials.js';
import type { Schedule } from '../../../connect/sources/poll/schedule.js';
import type { Context } from '../frame/context.js';
import type { Outcome } from '../frame/outcome.js';
import type { PollPlan } from './poll-plan.js';

/** Says what would be asked for, and where it would go; asks nobody. */
export function dryRunPoll(
  context: Context,
  { definition, policy, topic, pollId, dedup, cassette }: PollPlan,
): Outcome {
  const redact = (text: string): string => context.secrets.redact(text);
  const requests = definition.feeds.map(({ id, url, headers }) => ({
    id,
    url: redactUrl(url, redact),
    headers: redactHeaders({ ...policy.headers, ...headers }, redact),
  }));
  const schedule = scheduleText(policy.schedule);
  for (const { url, headers } of requests) {
    context.note(`GET ${url}`);
    for (const [name, value] of Object.entries(headers)) context.note(`  ${name}: ${value}`);
  }
  const from = cassette ? `${cassette.exchanges.length} exchanges of a cassette` : schedule;
  context.note(`${from}; records would go to ${topic.name === '-' ? 'standard output' : topic.name}`);
  return { reason: 'dry run', result: { requests, schedule, topic: topic.name, pollId, dedup } };
}

function scheduleText(schedule: Schedule): string {
  if (schedule.kind === 'once') return 'once';
  if (schedule.kind === 'cron') return `cron ${schedule.cron.text}`;
  return `every ${formatDuration(schedule.everyMs)}`;
}
