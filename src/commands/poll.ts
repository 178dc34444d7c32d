import { withClient } from './shared/broker/kafka.js';
import { defineCommand, type Input } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import type { Outcome } from './shared/frame/outcome.js';
import { POLL_FLAGS } from './shared/sources/poll-flags.js';
import type { PollPlan } from './shared/sources/poll-plan.js';

const args = [
  { name: 'source', optional: true, help: 'velib, weather, stocks, news, or an address' },
  { name: 'value', optional: true, variadic: true, help: 'what to ask an API for: cities, symbols, brands, stations' },
] as const;
type PollInput = Input<typeof POLL_FLAGS, typeof args>;

/** `poll` */
export const poll = defineCommand({
  path: 'poll',
  summary: 'poll an API into a topic, politely and without repeats',
  description:
    'Each item of an answer becomes one JSON record, when it is new or has changed; what the topic holds already is not ' +
    'sent again, after a restart neither. Validators, max-age, Retry-After and rate limits are honoured; a failed poll ' +
    `is shown and counted, and does not end the stream. Secrets are given as \${env:NAME} and appear nowhere. A cassette ` +
    'records answers, and replays them without network.',
  arguments: args,
  flags: POLL_FLAGS,
  examples: [
    { line: 'streamctl poll velib --stations 16107,32017', note: 'two stations, every minute' },
    { line: 'streamctl poll weather --city Strasbourg,Paris --every 10m', note: 'the weather of two cities' },
    { line: 'streamctl poll stocks AAPL,MSFT --once', note: 'the bars of today' },
    {
      line: 'streamctl poll https://api.example.com/v1/orders --items data --key id --every 30s',
      note: 'any API: its items by path, keyed',
    },
    { line: 'streamctl poll velib --cassette velib.cassette --mode record', note: 'keeps what comes, for later' },
    { line: 'streamctl poll velib --cassette velib.cassette --mode replay --speed 60x', note: 'an hour in a minute' },
  ],
  exits: [0, 2, 3, 4, 5, 6, 130, 143],
  resultSchema: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['progress', 'record', 'end'] },
      round: { type: 'number' },
      items: { type: 'number' },
      emitted: { type: 'number' },
      new: { type: 'number' },
      changed: { type: 'number' },
      unchanged: { type: 'number' },
      stale: { type: 'number', description: 'older than what is known of the same thing' },
      skipped: { type: 'number' },
      rejected: { type: 'number' },
      notModified: { type: 'number' },
      retries: { type: 'number' },
      failed: { type: 'number' },
      failures: { type: 'array', items: { type: 'string' } },
      nextInMs: { type: ['number', 'null'] },
    },
    required: ['type'],
  },
  mutating: true,
  streaming: true,
  dynamicFlags: async (words) => (await import('./shared/sources/poll-plan.js')).apiFlags(words),
  run: start,
});

async function start(context: Context, { args: words, flags, extra }: PollInput): Promise<Outcome> {
  const { planPoll } = await import('./shared/sources/poll-plan.js');
  const plan = await planPoll(context, { source: words.source, values: words.value, flags, extra });
  if (context.dryRun) return (await import('./shared/sources/poll-dry-run.js')).dryRunPoll(context, plan);
  const { PollSession } = await import('./shared/sources/poll-session.js');
  const session = new PollSession(context, plan, flags);
  const isOutput = plan.topic.name === '-';
  const { counts, failures } = isOutput
    ? await session.toOutput()
    : await withClient(context, (client) => session.toTopic(client));
  const { closingText } = await import('./shared/sources/poll-output.js');
  context.note(closingText(plan.definition.name, counts, isOutput ? undefined : plan.topic.name));
  return {
    reason: endOf(context, plan),
    result: { ...counts },
    ...(failures.length > 0 ? { failures, succeeded: plan.definition.feeds.length - failures.length } : {}),
  };
}

function endOf(context: Context, { cassette, policy }: PollPlan): string {
  if (context.signal.aborted) return 'stopped';
  if (context.stream.remaining <= 0) return 'count';
  return cassette || policy.schedule.kind === 'once' ? 'eof' : 'stopped';
}
