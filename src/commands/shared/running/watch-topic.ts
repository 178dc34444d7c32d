import { StreamctlError } from '../../../base/errors.js';
import type { Context } from '../frame/context.js';
import type { Outcome } from '../frame/outcome.js';
import { runPlace } from './run-place.js';
import { endFrames, reportingListener, type ShowFlags, showRun } from './watch-run.js';

/** The flags that describe the windows of a topic. */
export interface TopicFlags extends ShowFlags {
  readonly by: readonly string[];
  readonly agg?: string | undefined;
  readonly window: string;
  readonly time?: string | undefined;
  readonly lateness: string;
  readonly where?: string | undefined;
}

/** `watch TOPIC`: windows over the records of a topic, from its start. @throws `not-found`, `bad-plan`, `usage` */
export async function watchTopic(
  context: Context,
  topic: string,
  { flags }: { readonly flags: TopicFlags },
): Promise<Outcome> {
  if (flags.page !== undefined) {
    throw new StreamctlError('usage', '--page is for pipelines: a topic has one', { hint: '--agg says what is shown' });
  }
  const { startWindowConsume } = await import('../../../run/window-consume.js');
  const bounded = flags.once || context.stream.wantsEof;
  if (!bounded) context.progress(`waiting for a first record of ${topic}`);
  const started = await startWindowConsume({
    place: runPlace(context),
    query: {
      topic,
      window: flags.window,
      lateness: flags.lateness,
      by: flags.by,
      ...(flags.agg === undefined ? {} : { aggregates: flags.agg }),
      ...(flags.time === undefined ? {} : { time: flags.time }),
      ...(flags.where === undefined ? {} : { where: flags.where }),
    },
    bounded,
    listener: reportingListener(context),
    signal: context.signal,
  });
  context.progress(undefined);
  if (started) {
    const { run } = started;
    const title = `${flags.agg ?? 'count(*)'}${flags.by.length > 0 ? ` by ${flags.by.join(', ')}` : ''}`;
    return showRun(context, run, flags, () => {
      const snapshot = run.snapshot();
      return { ...snapshot, pipeline: topic, dashboard: { ...snapshot.dashboard, title } };
    });
  }
  if (flags.once) {
    throw new StreamctlError('not-found', `topic "${topic}" has no records to show`, {
      hint: `streamctl produce ${topic}`,
    });
  }
  context.note(`topic "${topic}" is empty`);
  if (bounded) context.stream.eof();
  await endFrames(context, flags, 'eof');
  return { reason: 'eof', result: { rows: 0, windows: 0 } };
}
