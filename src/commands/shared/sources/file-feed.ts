import { StreamctlError } from '../../../base/errors.js';
import { SortedReader } from '../../../connect/sources/replay/sorted-reader.js';
import { columnsOf, type Expression } from '../../../plan/expression.js';
import type { Plan } from '../../../plan/plan.js';
import { withClient } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';
import { EventTimeReader } from './event-time-reader.js';
import { flagsWithout } from './feed-context.js';
import type { FeedWishes } from './feed-wishes.js';
import { type OpenedFile, openFile } from './open-file.js';
import { replayFile } from './replay-file.js';
import { REPLAY_FLAGS, type ReplayFlags, readPacing } from './replay-flags.js';
import { baseName } from './replay-target.js';

/**
 * Replays a file into the source of a pipeline, as fast as it goes or at a multiple of the speed of its own times. Rows
 * that are no rows are left out and told of; an archive that comes newest first is sorted before it is paced.
 * @throws `usage`, `not-found`, `bad-data`
 */
export async function fileSender(context: Context, plan: Plan, file: string, { speed, atOnce, values }: FeedWishes) {
  const source = plan.sources[0]!;
  const topic = plan.topics.find(({ name }) => name === source.topic);
  const target = {
    topic: source.topic,
    partitions: topic?.partitions ?? 1,
    configs: topic?.config ?? {},
    plan,
    source,
  };
  const flags: ReplayFlags = { ...flagsWithout(REPLAY_FLAGS), onError: 'skip' };
  const isPaced = speed !== undefined && speed !== 'max' && !atOnce;
  const paced: ReplayFlags = isPaced ? { ...flags, speed, time: source.eventTime.name } : flags;
  readPacing(paced);
  const expression = isPaced ? timeOf(plan, file) : undefined;
  const opened = await openFile(context, { file }, target, flags);
  const timed = expression ? await withTimes(context, plan, { expression, values }, opened) : opened;
  context.note(context.say('{1} gets the rows of {2}', source.topic, baseName(file)));
  return async (place: Context): Promise<void> => {
    try {
      await withClient(place, (client) => replayFile(place, client, timed, paced));
    } finally {
      timed.reader.close?.();
      timed.source.close();
    }
  };
}

/** What a pipeline says is the time of a row. @throws `usage` where its rows carry none */
function timeOf({ name, sources }: Plan, file: string): Expression {
  const { eventTime } = sources[0]!;
  if (eventTime.kind === 'computed') return eventTime.expression;
  if (eventTime.kind === 'column') return { kind: 'column', name: eventTime.name };
  throw new StreamctlError(
    'usage',
    `--speed follows the times of the rows, and those of pipeline "${name}" have none`,
    {
      detail: 'its event time is the moment at which a row was sent',
      hint: `--speed max, or streamctl replay ${file} -t ${sources[0]!.topic} --rate 100/s beside a run with --source topic`,
    },
  );
}

/** @throws `usage` where no row has a time. */
async function withTimes(
  context: Context,
  plan: Plan,
  { expression, values }: { readonly expression: Expression; readonly values: FeedWishes['values'] },
  opened: OpenedFile,
): Promise<OpenedFile> {
  const [source] = plan.sources;
  const { parameters } = plan;
  const reader = new EventTimeReader(opened.reader, source!, expression, { parameters, values });
  const { hasTimes, isNewestFirst } = await reader.look();
  if (!hasTimes) {
    opened.source.close();
    const columns = [...columnsOf(expression)].join(', ');
    throw new StreamctlError('usage', `--speed follows the times of the rows, and ${opened.source.name} has none`, {
      detail: `pipeline "${plan.name}" takes them from ${columns}`,
      hint: '--speed max sends the rows as fast as it goes',
    });
  }
  if (!isNewestFirst) return { ...opened, reader };
  context.note(context.say('{1}: the rows come newest first, and are sorted by time', opened.source.name));
  return { ...opened, reader: new SortedReader(reader, context.files) };
}
