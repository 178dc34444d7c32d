import { StreamctlError } from '../base/errors.js';
import type { TopicPartition, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import type { Job } from '../engine/job.js';
import type { Checkpoint } from './checkpoints.js';
import { keyOf } from './idle-watch.js';
import type { Beginning } from './snapshot-file.js';
import type { WorkParts } from './work.js';

/** @throws `conflict` when the pipeline has progress that would be lost, and nobody said that it may. */
export function requireNoProgress({ options, resetState, beginning }: WorkParts, { sources }: Checkpoint): void {
  if (!beginning || resetState || beginning.isClear) return;
  if (sources.length > 0) {
    throw new StreamctlError('conflict', `pipeline "${options.plan.name}" has progress of its own`, {
      detail: `offsets are committed for ${sources.length} of its partitions; the snapshot would take their place`,
      hint: '--reset-state drops that progress and begins from the snapshot; without --from the run goes on where it stopped',
    });
  }
  beginning.isClear = true;
}

/**
 * Where the partitions are read from: as the snapshot says, those that it does not know from their start.
 * @throws `conflict` when they do not hold what comes after the snapshot, or the snapshot is of other partitions.
 */
export async function snapshotPositions(
  { connection, options, report }: WorkParts,
  { snapshot }: Beginning,
  partitions: readonly TopicPartition[],
): Promise<readonly TopicPartitionOffset[]> {
  if (snapshot.pipeline !== options.plan.name)
    report.note('info', `the snapshot is of pipeline "${snapshot.pipeline}"`);
  const [starts, ends] = await Promise.all([connection.offsets(partitions, 'start'), connection.ends(partitions)]);
  const first = new Map(starts.map((one) => [keyOf(one), one.offset]));
  const end = new Map(ends.map((one) => [keyOf(one), one.offset]));
  for (const position of snapshot.positions) {
    const { topic, partition, offset } = position;
    const key = keyOf(position);
    if (!first.has(key)) throw doesNotFit(`it is of ${topic}/${partition}, which the pipeline does not read`);
    if (offset > end.get(key)!)
      throw doesNotFit(`it is of offset ${offset} of ${topic}/${partition}, which ends at ${end.get(key)!}`);
    if (offset < first.get(key)!)
      throw doesNotFit(`${topic}/${partition} begins at ${first.get(key)!}: what came after offset ${offset} is gone`);
  }
  const known = new Map(snapshot.positions.map((one) => [keyOf(one), one.offset]));
  return starts.map((start) => ({ ...start, offset: known.get(keyOf(start)) ?? start.offset }));
}

/** The job as of the snapshot. @throws `bad-plan` that names what is not as it was when the snapshot was made. */
export function snapshotJob({ jobs, fingerprint, report }: WorkParts, { snapshot }: Beginning): Job {
  try {
    const job = jobs.whole([snapshot.state]);
    if (fingerprint !== snapshot.plan)
      report.note('info', 'the snapshot was made with other parameters, tables or topics: those of now count');
    return job;
  } catch (error) {
    if (!(error instanceof StreamctlError) || error.code !== 'bad-plan') throw error;
    throw new StreamctlError('bad-plan', 'the snapshot is of another plan', {
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      hint: 'run the plan that it was made with, or begin without it',
      cause: error,
    });
  }
}

function doesNotFit(detail: string): StreamctlError {
  return new StreamctlError('conflict', 'the snapshot does not fit the topics of the pipeline', {
    detail,
    hint: 'it goes with the topics of the cluster that it was made on; begin without it: --reset-state',
  });
}
