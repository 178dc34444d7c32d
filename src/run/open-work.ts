import { StreamctlError } from '../base/errors.js';
import type { Group } from '../connect/kafka/contracts.js';
import type { TopicPartition, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import type { Job } from '../engine/job.js';
import { requireNoProgress, snapshotJob, snapshotPositions } from './begin-from-snapshot.js';
import { type Checkpoint, partitionsOf, readCheckpoint } from './checkpoints.js';
import type { Connection } from './connection.js';
import { DirectWork } from './direct-work.js';
import { type ExchangeTopic, knownExchanges, makeExchanges } from './exchange-topics.js';
import { keyOf } from './idle-watch.js';
import { onRejected } from './on-rejected.js';
import { openShared } from './open-shared.js';
import { openOutput, type WorkOutput } from './output.js';
import { startOffsets } from './start-offsets.js';
import { Task } from './task.js';
import type { Work, WorkParts } from './work.js';

/**
 * Begins to work on what was assigned, from the last checkpoint. One worker alone does everything directly, as soon as the
 * exchanges of former workers are empty; several share the work.
 * @throws `bad-plan` when the saved state is of another plan.
 */
export async function openWork(parts: WorkParts, group: Group, partitions: readonly TopicPartition[]): Promise<Work> {
  const { connection, options, report } = parts;
  const place = group.place() ?? { place: 0, userData: [null] };
  const workers = place.userData.length;
  if (workers > 1 && (parts.resetState || parts.beginning)) throw notAlone(parts);
  if (workers > 1) {
    const { exchanges, made } = await makeExchanges(connection, options.plan);
    if (made.length > 0) report.note('info', `made ${made.length === 1 ? 'topic' : 'topics'} ${made.join(', ')}`);
    const output = await openOutput(connection, options, group, {
      place: place.place,
      workers,
      exchanges,
      local: parts.local,
    });
    return guarded(output, async () => {
      const checkpoint = await readCheckpoint(group, await parts.allPartitions(), exchanges);
      return openShared(parts, { group, output, exchanges, checkpoint, partitions, place, drainTo: undefined });
    });
  }
  const exchanges = await knownExchanges(connection, options.plan);
  const output = await openOutput(connection, options, group, { place: 0, workers, exchanges, local: parts.local });
  return guarded(output, async () => {
    const checkpoint = await readCheckpoint(group, partitions, exchanges);
    requireNoProgress(parts, checkpoint);
    const ends = await endsOf(connection, partitionsOf(exchanges));
    if (
      !parts.resetState &&
      !parts.beginning &&
      isLeftOver(checkpoint, exchanges, ends, options.bounded !== undefined && options.bounded !== false)
    ) {
      const drainTo = options.bounded ? undefined : new Map(ends.map((end) => [keyOf(end), end.offset]));
      const all = (await makeExchanges(connection, options.plan)).exchanges;
      return openShared(parts, { group, output, exchanges: all, checkpoint, partitions, place, drainTo });
    }
    return openDirect(parts, { output, checkpoint, partitions, exchanges, ends });
  });
}

/** Work without a group: every partition, no checkpoint. */
export async function openAlone(parts: WorkParts, partitions: readonly TopicPartition[]): Promise<Work> {
  return openDirect(parts, { output: undefined, checkpoint: undefined, partitions, exchanges: [], ends: [] });
}

/** What is committed must not be lost with an output that nobody holds any more. */
async function guarded(output: WorkOutput, open: () => Promise<Work>): Promise<Work> {
  try {
    return await open();
  } catch (error) {
    await output.abandon();
    throw error;
  }
}

function notAlone({ resetState }: WorkParts): StreamctlError {
  const [what, flag] = resetState ? ['be reset', '--reset-state'] : ['come from a snapshot', '--from'];
  return new StreamctlError('conflict', `the state cannot ${what} while other workers of the pipeline are at work`, {
    hint: `stop them first; a new run with ${flag} then begins alone, and others can join it`,
  });
}

/** Whether something of former workers has to be taken first; a bounded run goes on with their shares as they are. */
function isLeftOver(
  checkpoint: Checkpoint,
  exchanges: readonly ExchangeTopic[],
  ends: readonly TopicPartitionOffset[],
  bounded: boolean,
): boolean {
  const isFirst = checkpoint.sources.some(({ mark }) => mark?.kind === 'first');
  if (!isFirst && !checkpoint.isShared) return false;
  const settled = partitionsOf(exchanges).every((partition, at) => {
    const known = checkpoint.exchange(partition);
    return known?.mark?.kind === 'second' && known.offset >= ends[at]!.offset;
  });
  return bounded || !settled;
}

async function endsOf(
  connection: Connection,
  partitions: readonly TopicPartition[],
): Promise<readonly TopicPartitionOffset[]> {
  return partitions.length === 0 ? [] : connection.ends(partitions);
}

interface DirectStart {
  readonly output: WorkOutput | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly partitions: readonly TopicPartition[];
  readonly exchanges: readonly ExchangeTopic[];
  readonly ends: readonly TopicPartitionOffset[];
}

async function openDirect(parts: WorkParts, start: DirectStart): Promise<DirectWork> {
  const { options, report, connection, resetState, beginning } = parts;
  const { output, partitions } = start;
  if (resetState || beginning) parts.local?.forget();
  const { job, from, closedAtEof } = beginning
    ? {
        from: await snapshotPositions(parts, beginning, partitions),
        job: snapshotJob(parts, beginning),
        closedAtEof: beginning.snapshot.closedAtEof,
      }
    : await lastPoint(parts, start);
  const task = new Task({
    clock: options.place.edges.clock,
    fetcher: parts.fetcher,
    job,
    sources: parts.sources,
    results: output?.results,
    side: output?.side,
    report,
    rejected: onRejected(options),
    start: from,
    ends: await parts.ends(partitions),
  });
  const work = new DirectWork({
    task,
    output,
    state: start.checkpoint?.base,
    closedAtEof,
    keepOpen: options.keepOpen ?? false,
    exchanges: start.ends,
    commitAside: async (positions) => {
      if (options.commitTo !== undefined) await connection.commit(options.commitTo, positions);
    },
  });
  // A former state must not come back when the run dies before its first checkpoint.
  if ((resetState || beginning) && output) await work.begin();
  return work;
}

interface Point {
  readonly job: Job;
  readonly from: readonly TopicPartitionOffset[];
  readonly closedAtEof: boolean;
}

/** Where the last checkpoint was; where there is none, or none that counts, where the person wants to begin. */
async function lastPoint(parts: WorkParts, start: DirectStart): Promise<Point> {
  const { options, report, connection, resetState } = parts;
  const checkpoint = resetState ? undefined : start.checkpoint;
  if (checkpoint?.isMoved) report.note('warning', 'the offsets were moved by hand: open windows begin empty');
  const isKept = checkpoint !== undefined && !checkpoint.isMoved;
  const { states, closedAtEof } = isKept && start.output ? await gather(start, checkpoint, start.output) : NOTHING;
  const committed = new Map(checkpoint?.sources.map((one) => [keyOf(one), one.offset]));
  if (committed.size > 0 && options.from && !parts.isKnown)
    report.note('info', 'the run goes on where the last one stopped; with --reset-state it begins where --from says');
  // A partition that was added since the last run is read whole, wherever that run once began.
  const begin = committed.size > 0 ? undefined : options.from;
  const first = await startOffsets(connection, start.partitions, begin ?? { kind: 'start' });
  return {
    job: parts.jobs.whole(states),
    from: first.map((one) => ({ ...one, offset: committed.get(keyOf(one)) ?? one.offset })),
    closedAtEof,
  };
}

interface Gathered {
  readonly states: readonly Uint8Array[];
  readonly closedAtEof: boolean;
}

const NOTHING: Gathered = { states: [], closedAtEof: false };

/** The state of the one worker before, or of all shares of those before. */
async function gather({ exchanges }: DirectStart, checkpoint: Checkpoint, output: WorkOutput): Promise<Gathered> {
  if (!checkpoint.isShared) {
    const mark = checkpoint.sources.find((one) => one.mark?.kind === 'whole')?.mark;
    if (mark?.kind !== 'whole' || !mark.state) return NOTHING;
    return { states: [await output.states.read(mark.state)], closedAtEof: mark.closedAtEof };
  }
  const states = new Map<string, Uint8Array>();
  let closedAtEof = true;
  for (const partition of partitionsOf(exchanges)) {
    const mark = checkpoint.exchange(partition)?.mark;
    if (mark?.kind !== 'second') continue;
    closedAtEof &&= mark.closedAtEof;
    // Several inputs of a step share its state; and shares without any change may still have that of the one before.
    const name = mark.state && JSON.stringify(mark.state);
    if (name && !states.has(name)) states.set(name, await output.states.read(mark.state));
  }
  return { states: [...states.values()], closedAtEof };
}
