import { StreamctlError } from '../../../base/errors.js';
import { columnsOf } from '../../../plan/expression.js';
import type { Plan, Source } from '../../../plan/plan.js';
import { withClient } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';
import { flagsWithout } from './feed-context.js';
import type { FeedWishes } from './feed-wishes.js';
import { openFile } from './open-file.js';
import { replayFile } from './replay-file.js';
import { REPLAY_FLAGS, type ReplayFlags, readPacing } from './replay-flags.js';
import { baseName } from './replay-target.js';

/**
 * Replays a file into the source of a pipeline, as fast as it goes or at a multiple of the speed of its own times. Rows
 * that are no rows are left out and told of.
 * @throws `usage`, `not-found`, `bad-data`
 */
export async function fileSender(context: Context, plan: Plan, file: string, { speed, atOnce }: FeedWishes) {
  const source = plan.sources[0]!;
  const topic = plan.topics.find(({ name }) => name === source.topic);
  const target = {
    topic: source.topic,
    partitions: topic?.partitions ?? 1,
    configs: topic?.config ?? {},
    plan,
    source,
  };
  const flags: ReplayFlags = { ...flagsWithout(REPLAY_FLAGS), onError: 'skip', ...paceOf(source, speed, atOnce) };
  readPacing(flags);
  const opened = await openFile(context, { file }, target, flags);
  context.note(`${source.topic} gets the rows of ${baseName(file)}`);
  return async (place: Context): Promise<void> => {
    try {
      await withClient(place, (client) => replayFile(place, client, opened, flags));
    } finally {
      opened.source.close();
    }
  };
}

function paceOf(source: Source, speed: string | undefined, atOnce: boolean): Partial<ReplayFlags> {
  if (speed === undefined || speed === 'max' || atOnce) return {};
  return { speed, time: timeColumn(source) };
}

/** The one column of a file that a pipeline takes its event time from. @throws `usage` where there is none */
function timeColumn({ eventTime }: Source): string {
  const names =
    eventTime.kind === 'column'
      ? [eventTime.name]
      : eventTime.kind === 'computed'
        ? [...columnsOf(eventTime.expression)]
        : [];
  if (names.length === 1) return names[0]!;
  throw new StreamctlError(
    'usage',
    '--speed follows the times of the rows, and the pipeline takes them from no single column',
    {
      hint: 'streamctl replay FILE --time COL --speed 60x sends it beside a run with --source topic',
    },
  );
}
