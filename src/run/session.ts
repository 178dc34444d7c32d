import { StreamctlError } from '../base/errors.js';
import type { Fetcher, Group } from '../connect/kafka/contracts.js';
import type {
  FetchedRecords,
  GroupHandlers,
  TopicPartition,
  TopicPartitionOffset,
} from '../connect/kafka/interfaces.js';
import { groupProperties } from '../connect/kafka/option-properties.js';
import type { Connection } from './connection.js';
import { DirectWork } from './direct-work.js';
import { keyOf } from './idle-watch.js';
import {
  CHECKPOINT_EVERY_MS,
  type EndReason,
  type PipelineRunOptions,
  RESULTS_WAIT_MS,
  SESSION_TIMEOUT_MS,
} from './interfaces.js';
import { groupOf } from './internal-topics.js';
import type { LocalState } from './local-state.js';
import { encodeMember, type Member, requireSamePlan, roleOf } from './members.js';
import { openAlone, openWork } from './open-work.js';
import { orAborted } from './or-aborted.js';
import { fingerprintOf, type JobMaker } from './plan-parts.js';
import type { ReferenceTables } from './reference-tables.js';
import type { Report } from './report.js';
import { type Beginning, writeSnapshot } from './snapshot-file.js';
import type { TaskParts } from './task.js';
import { Turns } from './turns.js';
import type { Work, WorkParts } from './work.js';

/** What lives longer than one session: it is handed from one to the next when a broker comes back. */
export interface RunMemory {
  readonly runId: string;
  /** End offsets of a bounded run, as they were when it began; by {@link keyOf}. */
  readonly ends: Map<string, number>;
  /** State of former runs is to be forgotten; done once. */
  resetState: boolean;
  /** Snapshot to begin from; done once. */
  beginning: Beginning | undefined;
  /** Size of the snapshot that was written. */
  snapshotBytes: number | undefined;
  /** Aborts when the owner asks for the end. */
  readonly stop: AbortSignal;
  paused: boolean;
  /** It has worked before, so it is not the one that came last. */
  isKnown: boolean;
  /** Id in the group, to be the same member again over a new connection. */
  memberId: string | undefined;
  /** Name in the group; given up when another member has it. */
  instanceId: string | undefined;
}

/** What a session is made of. */
export interface SessionParts {
  readonly options: PipelineRunOptions;
  readonly connection: Connection;
  readonly report: Report;
  readonly memory: RunMemory;
  readonly sources: TaskParts['sources'];
  /** Opened. */
  readonly tables: ReferenceTables;
  readonly jobs: JobMaker;
  /** Copies of states on this machine, where they are kept. */
  readonly local: LocalState | undefined;
  /** Called after every turn that went well. */
  readonly healthy: () => void;
}

/** How a session ended, if not by an error. */
export type SessionEnd = Exclude<EndReason, 'failed'>;

/** Longest wait for records: how soon a stop, a pause or an idle partition is noticed. */
const LOOK_EVERY_MS = 200;
/** Checkpoints take at most this share of the time, however large the state has grown. */
const CHECKPOINT_SHARE = 0.1;
/** How soon a worker that stands by hears that it is its turn. */
const HEARTBEAT_MS = 1_000;
/** A group that takes longer to let a worker in waits for one that died. */
const SLOW_JOIN_MS = 4_000;
/** Quiet for so long, a run that has read everything counts as idle on the dashboard. */
const SHOWN_IDLE_MS = 2_000;

/** One life of a run over one set of connections: it ends with the run, or with an error of the world outside. */
export class Session {
  readonly #parts: SessionParts;
  readonly #turns = new Turns();
  readonly #fetcher: Fetcher;
  readonly #group: Group | undefined;
  readonly #member: Member;
  #work: Work | undefined;
  #failure: Error | undefined;
  #pausedWork: Work | undefined;
  #assigned: readonly TopicPartition[] = [];
  #workers = 1;
  #isTakenOver = false;
  #nextCheckpointMs = 0;
  #nextResultsMs = 0;
  #lookedMs = 0;
  #heardMs = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { connection, options } = parts;
    this.#fetcher = connection.fetcher({});
    this.#member = { fingerprint: fingerprintOf(options), takesOver: options.snapshotTo !== undefined };
    if (options.group === null) return;
    const topics = [...new Set(options.plan.sources.map((source) => source.topic))];
    const groupId = options.group ?? groupOf(options.plan.name);
    const named = groupProperties(connection.client.settings).sessionTimeoutMs;
    const sessionTimeoutMs = options.sessionTimeoutMs ?? named ?? SESSION_TIMEOUT_MS;
    const { memberId, instanceId } = parts.memory;
    this.#group = connection.group(
      {
        groupId,
        topics,
        assignors: ['places'],
        userData: encodeMember(this.#member),
        sessionTimeoutMs,
        heartbeatMs: HEARTBEAT_MS,
        ...(memberId === undefined ? {} : { memberId }),
        ...(instanceId === undefined ? {} : { instanceId, leavesForGood: true }),
      },
      this.#handlers(),
    );
  }

  /** Takes up the partitions and works until everything is read or the owner wants to stop. */
  async work(): Promise<SessionEnd> {
    if (this.#group) await this.#join(this.#group);
    else await this.#turns.take(async () => this.#begin(await this.#allPartitions()));
    this.#heardMs = this.#nowMs();
    while (!this.#parts.memory.stop.aborted && !this.#isTakenOver) {
      if (this.#failure) throw this.#failure;
      // A bounded run over what was read before has nothing to wait for.
      const records = this.#isDone ? undefined : await this.#fetcher.next(LOOK_EVERY_MS);
      const end = await this.#turns.take(() => this.#turn(records));
      this.#parts.healthy();
      if (end) return end;
    }
    await this.#turns.take(() => this.#stop());
    return this.#isTakenOver ? 'taken-over' : 'stopped';
  }

  async #join(group: Group): Promise<void> {
    const { memory, report, options } = this.#parts;
    const slow = options.place.edges.clock.after(
      SLOW_JOIN_MS,
      () => report.note('info', 'waiting for a worker that left without a word: its session has to end first'),
      true,
    );
    try {
      await orAborted(group.start(), memory.stop);
    } finally {
      slow.cancel();
    }
    memory.memberId = group.identity()?.memberId;
  }

  /** Hands the partitions back and leaves. */
  async close(): Promise<void> {
    await this.#turns.take(async () => {
      const work = this.#work;
      this.#work = undefined;
      await work?.close();
    });
    await this.#group?.leave();
    await this.#fetcher.close();
  }

  /**
   * Lets everything go after an error: what was not saved stays unsaved. A broker that is gone cannot be told good-bye;
   * the member comes back under its old name.
   */
  async abandon(error: unknown): Promise<void> {
    const gone = error instanceof StreamctlError && error.code === 'broker-unreachable';
    if (gone) await this.#parts.connection.close().catch(() => undefined);
    await this.#turns.take(() => this.#drop());
    await this.close().catch(() => undefined);
    await this.#fetcher.close().catch(() => undefined);
  }

  /** Where a next run goes on. */
  positions(): readonly TopicPartitionOffset[] {
    return this.#work?.positions().map(({ topic, partition, offset }) => ({ topic, partition, offset })) ?? [];
  }

  /** One worker that has nothing to read: it has read everything, or is here for a snapshot only. */
  get #isDone(): boolean {
    return this.#work instanceof DirectWork && (this.#work.finished || this.#member.takesOver);
  }

  /** One turn of the loop. @returns why the run is over, if it is. */
  async #turn(records: FetchedRecords | undefined): Promise<SessionEnd | undefined> {
    const work = this.#work;
    if (!work) {
      // Whoever stands by begins with tables that are not old.
      await this.#parts.tables.look();
      return undefined;
    }
    const { snapshotTo } = this.#parts.options;
    if (snapshotTo !== undefined && work instanceof DirectWork) return this.#takeSnapshot(work, snapshotTo);
    if (records) {
      await work.take(records);
      // Of what is shared, blocks may be kept for later.
      if (work instanceof DirectWork) this.#fetcher.release(records);
      this.#heardMs = this.#nowMs();
    }
    if (!records || this.#nowMs() - this.#lookedMs >= LOOK_EVERY_MS) {
      await work.lookAtTime();
      await this.#parts.tables.look();
      this.#lookedMs = this.#nowMs();
      this.#holdOrGoOn(work);
      this.#tell(work);
    }
    if (work.finished) {
      this.#parts.report.state.state = 'draining';
      if (await work.finish()) {
        this.#tell(work);
        return 'eof';
      }
    } else if (this.#isCheckpointDue(work)) await this.#save(work);
    if (this.#parts.tables.isWaiting && !work.changed) work.takeTables(this.#parts.tables.take());
    if (work.over) await this.#begin(this.#assigned);
    return undefined;
  }

  async #takeSnapshot(work: DirectWork, path: string): Promise<'snapshot'> {
    const { options, memory } = this.#parts;
    const { files, clock } = options.place.edges;
    const about = { pipeline: options.plan.name, plan: this.#member.fingerprint, madeAtMs: clock.now() };
    memory.snapshotBytes = await writeSnapshot(files, path, { ...about, ...work.point() });
    return 'snapshot';
  }

  /**
   * Results of a transaction are waited for by whoever reads them: they bring the checkpoint forward. So does a newer edition
   * of a table, which is in force from a checkpoint on.
   */
  #isCheckpointDue(work: Work): boolean {
    const { options, tables } = this.#parts;
    const waitedFor = tables.isWaiting || (work.gaveOut && options.delivery !== 'at-least-once');
    return work.changed && this.#nowMs() >= (waitedFor ? this.#nextResultsMs : this.#nextCheckpointMs);
  }

  #handlers(): GroupHandlers {
    return {
      assigned: (partitions) => this.#turns.take(() => this.#begin(partitions)),
      revoked: () =>
        this.#turns.take(async () => {
          if (this.#work) await this.#save(this.#work);
          await this.#drop();
        }),
      lost: () => this.#turns.take(() => this.#drop()),
      failed: (error) => {
        this.#failure = error;
        this.#fetcher.wake();
      },
    };
  }

  /** Takes up the work on these partitions from what was committed for them. */
  async #begin(partitions: readonly TopicPartition[]): Promise<void> {
    const { options, report, memory, connection, sources, jobs, local } = this.#parts;
    this.#assigned = partitions;
    await this.#drop();
    const parts: WorkParts = {
      options,
      connection,
      report,
      fetcher: this.#fetcher,
      sources,
      jobs,
      local,
      fingerprint: this.#member.fingerprint,
      ends: (wanted) => this.#endsOf(wanted),
      allPartitions: () => this.#allPartitions(),
      resetState: memory.resetState,
      beginning: memory.beginning,
      isKnown: memory.isKnown,
    };
    const group = this.#group;
    if (group && !this.#mayWork(group)) return;
    const workers = group?.place()?.userData.length ?? 1;
    this.#work = group ? await openWork(parts, group, partitions) : await openAlone(parts, partitions);
    this.#tellWorkers(workers);
    memory.isKnown = true;
    memory.resetState = false;
    memory.beginning = undefined;
    for (const topic of new Set(options.plan.sources.map((source) => source.topic))) {
      report.state.source(topic, partitions.filter((partition) => partition.topic === topic).length);
    }
    report.state.state = 'running';
    this.#scheduleCheckpoint(0);
  }

  /** False: others have to leave first, or this one has. */
  #mayWork(group: Group): boolean {
    const { options, memory, report } = this.#parts;
    const place = group.place() ?? { place: 0, userData: [null] };
    requireSamePlan(options.plan.name, this.#member, place, memory.isKnown);
    const role = roleOf(options.plan.name, this.#member, place);
    if (role === 'wait') report.note('info', 'the other workers save and end');
    if (role === 'leave') {
      this.#isTakenOver = true;
      report.note('warning', 'another run takes over to write a snapshot: this one ends');
    }
    return role === 'work';
  }

  #tellWorkers(workers: number): void {
    const { report } = this.#parts;
    if (workers > 1) report.note('info', `shares the work with ${workers - 1} ${workers > 2 ? 'others' : 'other'}`);
    else if (this.#workers > 1) report.note('info', 'works alone again');
    this.#workers = workers;
  }

  /** Makes what was done so far durable. */
  async #save(work: Work): Promise<void> {
    const beganMs = this.#nowMs();
    await work.save();
    this.#scheduleCheckpoint(this.#nowMs() - beganMs);
  }

  /** @param tookMs time that the last checkpoint took. */
  #scheduleCheckpoint(tookMs: number): void {
    const everyMs = this.#parts.options.checkpointEveryMs ?? CHECKPOINT_EVERY_MS;
    const leastMs = tookMs / CHECKPOINT_SHARE;
    this.#nextCheckpointMs = this.#nowMs() + Math.max(everyMs, leastMs);
    this.#nextResultsMs = this.#nowMs() + Math.max(Math.min(everyMs, RESULTS_WAIT_MS), leastMs);
  }

  /** The end at the owner's wish. */
  async #stop(): Promise<void> {
    const work = this.#work;
    if (!work) return;
    this.#parts.report.state.state = 'draining';
    await work.stop();
    this.#tell(work);
  }

  async #drop(): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    await work?.abandon();
  }

  #holdOrGoOn(work: Work): void {
    const { paused } = this.#parts.memory;
    if (paused === (this.#pausedWork === work)) return;
    if (paused) work.pause();
    else work.resume();
    this.#pausedWork = paused ? work : undefined;
  }

  /** Tells the dashboard how things stand. */
  #tell(work: Work): void {
    const { report, memory } = this.#parts;
    let total: number | null = 0;
    for (const [topic, lag] of work.lags()) {
      report.state.lag(topic, lag);
      total = lag === null || total === null ? null : total + lag;
    }
    if (total !== null) report.lag(total);
    const quiet = total === 0 && this.#nowMs() - this.#heardMs >= SHOWN_IDLE_MS;
    if (report.state.state === 'draining') return;
    report.state.state = memory.paused ? 'paused' : quiet ? 'idle' : 'running';
  }

  async #allPartitions(): Promise<readonly TopicPartition[]> {
    const all: TopicPartition[] = [];
    const { plan, partitions: wanted } = this.#parts.options;
    for (const topic of new Set(plan.sources.map((source) => source.topic))) {
      const partitions = await this.#parts.connection.partitions(topic);
      const read = wanted ? partitions.filter((partition) => wanted.includes(partition)) : partitions;
      all.push(...read.map((partition) => ({ topic, partition })));
    }
    if (all.length === 0) throw new StreamctlError('bad-plan', 'the pipeline has no source to read');
    return all;
  }

  /** Where a bounded run ends, as it was when it began. */
  async #endsOf(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number> | undefined> {
    const { connection, memory, options } = this.#parts;
    if (!options.bounded) return undefined;
    if (typeof options.bounded === 'object') for (const end of options.bounded) memory.ends.set(keyOf(end), end.offset);
    const unknown = partitions.filter((partition) => !memory.ends.has(keyOf(partition)));
    const found = unknown.length === 0 ? [] : await connection.offsets(unknown, 'end');
    for (const end of found) memory.ends.set(keyOf(end), end.offset);
    return memory.ends;
  }

  #nowMs(): number {
    return this.#parts.options.place.edges.clock.elapsed();
  }
}
