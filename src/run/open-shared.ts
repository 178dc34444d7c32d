import { StreamctlError } from '../base/errors.js';
import type { Group } from '../connect/kafka/contracts.js';
import type { GroupPlace, TopicPartition, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import { type Part, phasesOf } from '../plan/phases.js';
import { type Checkpoint, partitionsOf } from './checkpoints.js';
import type { ExchangeTopic } from './exchange-topics.js';
import { keyOf } from './idle-watch.js';
import { Loop } from './loop.js';
import { onRejected } from './on-rejected.js';
import type { WorkOutput } from './output.js';
import { type Entry, SecondTask } from './second-task.js';
import { type FirstTask, SharedWork } from './shared-work.js';
import { startOffsets } from './start-offsets.js';
import { Task } from './task.js';
import type { WorkParts } from './work.js';

/** From where and where to one of several workers works. */
export interface SharedStart {
  readonly group: Group;
  readonly output: WorkOutput;
  readonly exchanges: readonly ExchangeTopic[];
  /** Of all sources, not only of those that are this worker's. */
  readonly checkpoint: Checkpoint;
  /** Partitions of sources that are this worker's. */
  readonly partitions: readonly TopicPartition[];
  readonly place: GroupPlace;
  /** See SharedWork. */
  readonly drainTo: ReadonlyMap<string, number> | undefined;
}

/**
 * Begins the work of one of several workers.
 * @throws `conflict` when offsets were moved by hand, `bad-plan` when an exchange has another number of partitions than its state.
 */
export async function openShared(parts: WorkParts, start: SharedStart): Promise<SharedWork> {
  const { options, connection, report, fetcher } = parts;
  const { group, output, exchanges, checkpoint, drainTo } = start;
  if (checkpoint.isMoved) throw moved(options.plan.name);
  const epoch = group.identity()?.generation ?? 0;
  const all = await parts.allPartitions();
  const ends = await parts.ends(all);
  const firsts = await openFirsts(parts, start, ends);
  const seconds: SecondTask[] = [];
  for (const { part, share } of sharesOf(phasesOf(options.plan).parts, exchanges, start.place)) {
    seconds.push(await openSecond(parts, start, { part, share, epoch, all }));
  }
  return new SharedWork({
    clock: options.place.edges.clock,
    report,
    fetcher,
    output,
    exchanges,
    firsts,
    seconds,
    epoch,
    base: checkpoint.base,
    drainTo,
    keepOpen: options.keepOpen ?? false,
    allRead: async () => {
      const committed = new Map((await group.committed(all)).map((one) => [keyOf(one), one.offset]));
      return all.every((partition) => (committed.get(keyOf(partition)) ?? -1) >= (ends?.get(keyOf(partition)) ?? 0));
    },
    forget: (offsets) => connection.deleteBefore(offsets),
    endsOf: async (partitions) => {
      const found = partitions.length === 0 ? [] : await connection.ends(partitions);
      return new Map(found.map((end) => [keyOf(end), end.offset]));
    },
  });
}

async function openFirsts(
  { options, connection, fetcher, jobs, sources, report }: WorkParts,
  { output, exchanges, checkpoint, partitions }: SharedStart,
  ends: ReadonlyMap<string, number> | undefined,
): Promise<readonly FirstTask[]> {
  const known = new Map(checkpoint.sources.map((one) => [keyOf(one), one]));
  const begin = known.size > 0 ? undefined : options.from;
  const starts = await startOffsets(connection, partitions, begin ?? { kind: 'start' });
  const shares = Object.fromEntries(exchanges.map(({ exchange, shares: count }) => [exchange, count]));
  return starts.map((from): FirstTask => {
    const { topic, partition } = from;
    const last = known.get(keyOf(from));
    const job = jobs.phase({ kind: 'first', shares });
    const newest = last?.mark && 'newest' in last.mark ? last.mark.newest : {};
    const task = new Task({
      clock: options.place.edges.clock,
      fetcher,
      job,
      sources: sources.filter((source) => source.topic === topic),
      results: output.results,
      side: output.side,
      report,
      rejected: onRejected(options),
      newest: (source) => newest[source],
      quiet: true,
      start: [{ ...from, offset: last?.offset ?? from.offset }],
      ends,
    });
    return { topic, partition, job, task };
  });
}

interface ShareOfPart {
  readonly part: Part;
  readonly share: number;
}

/** The shares of one worker: all shares of all parts are dealt out one by one. */
function sharesOf(
  parts: readonly Part[],
  exchanges: readonly ExchangeTopic[],
  { place, userData }: GroupPlace,
): readonly ShareOfPart[] {
  const all = parts.flatMap((part) => {
    const shares = exchanges.find((one) => one.part === part.name)!.shares;
    return Array.from({ length: part.shared ? shares : 1 }, (_, share): ShareOfPart => ({ part, share }));
  });
  return all.filter((_, at) => at % userData.length === place);
}

async function openSecond(
  { options, connection, jobs, report }: WorkParts,
  { output, exchanges, checkpoint }: SharedStart,
  { part, share, epoch, all }: ShareOfPart & { readonly epoch: number; readonly all: readonly TopicPartition[] },
): Promise<SecondTask> {
  const own = exchanges.filter((one) => one.part === part.name);
  const shares = part.shared ? own[0]!.shares : 1;
  const partitions = partitionsOf(own).filter(({ partition }) => partition === share);
  const marked = partitions.map((partition) => checkpoint.exchange(partition));
  const mark = marked.find((one) => one?.mark?.kind === 'second')?.mark;
  const kept = mark?.kind === 'second' ? mark : undefined;
  if (kept && kept.shares !== shares) throw otherShares(own[0]!, kept.shares);
  const state = kept ? kept.state : checkpoint.base;
  const job = jobs.phase({ kind: 'second', part: part.name, share: { number: share, count: shares }, epoch });
  if (state) job.restore(await output.states.read(state));
  for (const source of options.plan.sources) {
    for (const { topic, partition } of all) if (topic === source.topic) job.assign(source.name, partition);
  }
  const starts = await connection.offsets(partitions, 'start');
  const entries = starts.map((from: TopicPartitionOffset, at): Entry => {
    const { exchange } = own.find(({ topic }) => topic === from.topic)!;
    return { ...from, exchange, offset: marked[at]?.offset ?? from.offset };
  });
  const loop = new Loop({
    sources: [],
    job,
    results: output.results,
    side: output.side,
    report,
    rejected: onRejected(options),
    endOf: () => Number.POSITIVE_INFINITY,
  });
  const whole = checkpoint.sources.find((one) => one.mark?.kind === 'whole')?.mark;
  const closedAtEof = kept ? kept.closedAtEof : whole?.kind === 'whole' && whole.closedAtEof;
  const { compression } = options.place.edges;
  return new SecondTask({ part: part.name, share, shares, job, loop, entries, state, closedAtEof, compression });
}

function moved(pipeline: string): StreamctlError {
  return new StreamctlError('conflict', `the offsets of pipeline "${pipeline}" were moved by hand`, {
    detail: 'the state of its shares belongs to other offsets, and several workers cannot decide what of it counts',
    hint: 'start one worker alone with --reset-state first; the others can join it then',
  });
}

function otherShares({ topic, shares }: ExchangeTopic, before: number): StreamctlError {
  return new StreamctlError('bad-plan', `topic ${topic} has ${shares} partitions, its saved state is of ${before}`, {
    hint: `delete topic ${topic} and start one worker with --reset-state`,
  });
}
