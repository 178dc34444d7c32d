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
import { keyOf } from './idle-watch.js';
import { CHECKPOINT_EVERY_MS, type PipelineRunOptions, RESULTS_WAIT_MS, SESSION_TIMEOUT_MS } from './interfaces.js';
import { groupOf } from './internal-topics.js';
import { onRejected } from './on-rejected.js';
import { openTaskOutput, type TaskOutput } from './output.js';
import type { ReferenceTables } from './reference-tables.js';
import type { Report } from './report.js';
import { startOffsets } from './start-offsets.js';
import { Task, type TaskParts } from './task.js';
import { Turns } from './turns.js';

/** What lives longer than one session: it is handed from one to the next when a broker comes back. */
export interface RunMemory {
  readonly runId: string;
  /** End offsets of a bounded run, as they were when it began; by {@link keyOf}. */
  readonly ends: Map<string, number>;
  /** State of former runs is to be forgotten; done once. */
  resetState: boolean;
  /** Aborts when the owner asks for the end. */
  readonly stop: AbortSignal;
  paused: boolean;
  /** Id in the group, to be the same member again over a new connection. */
  memberId: string | undefined;
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
  /** A fresh job, with the state of a former one where there is one. */
  readonly makeJob: (state: Uint8Array | undefined) => TaskParts['job'];
  /** Called after every turn that went well. */
  readonly healthy: () => void;
}

/** How a session ended, if not by an error. */
export type SessionEnd = 'eof' | 'stopped';

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
  #task: Task | undefined;
  /** Undefined without a task, and for a run that belongs to no group and writes nothing. */
  #output: TaskOutput | undefined;
  #closedAtEof = false;
  #failure: Error | undefined;
  #pausedTask: Task | undefined;
  #nextCheckpointMs = 0;
  #nextResultsMs = 0;
  #lookedMs = 0;
  #heardMs = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { connection, options } = parts;
    this.#fetcher = connection.fetcher({});
    if (options.group === null) return;
    const topics = [...new Set(options.plan.sources.map((source) => source.topic))];
    const groupId = options.group ?? groupOf(options.plan.name);
    // One member works on all partitions: rows of one key may lie in any of them.
    const named = groupProperties(connection.client.settings).sessionTimeoutMs;
    const sessionTimeoutMs = options.sessionTimeoutMs ?? named ?? SESSION_TIMEOUT_MS;
    const { memberId } = parts.memory;
    this.#group = connection.group(
      {
        groupId,
        topics,
        assignors: ['whole'],
        sessionTimeoutMs,
        heartbeatMs: HEARTBEAT_MS,
        ...(memberId === undefined ? {} : { memberId }),
      },
      this.#handlers(),
    );
  }

  /** Takes up the partitions and works until everything is read or the owner wants to stop. */
  async work(): Promise<SessionEnd> {
    if (this.#group) await this.#join(this.#group);
    else await this.#turns.take(async () => this.#begin(await this.#allPartitions()));
    this.#heardMs = this.#nowMs();
    while (!this.#parts.memory.stop.aborted) {
      if (this.#failure) throw this.#failure;
      // A bounded run over what was read before has nothing to wait for.
      const records = this.#task?.finished ? undefined : await this.#fetcher.next(LOOK_EVERY_MS);
      const over = await this.#turns.take(() => this.#turn(records));
      this.#parts.healthy();
      if (over) return 'eof';
    }
    await this.#turns.take(() => this.#stop());
    return 'stopped';
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
      const output = this.#output;
      this.#output = undefined;
      await output?.close();
      await this.#drop();
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
    return this.#task?.positions().map(({ topic, partition, offset }) => ({ topic, partition, offset })) ?? [];
  }

  /** One turn of the loop; true when a bounded run is over. */
  async #turn(records: FetchedRecords | undefined): Promise<boolean> {
    const task = this.#task;
    if (!task) {
      // Whoever stands by begins with tables that are not old.
      await this.#parts.tables.look();
      return false;
    }
    if (records) {
      await task.take(records);
      this.#heardMs = this.#nowMs();
    }
    if (!records || this.#nowMs() - this.#lookedMs >= LOOK_EVERY_MS) {
      await task.lookAtTime();
      await this.#parts.tables.look();
      this.#lookedMs = this.#nowMs();
      this.#holdOrGoOn(task);
      this.#tell(task);
    }
    if (task.finished) {
      await this.#finish(task);
      return true;
    }
    if (this.#isCheckpointDue(task)) await this.#save(task);
    if (this.#parts.tables.isWaiting && !task.changed) task.takeTables(this.#parts.tables.take());
    return false;
  }

  /**
   * Results of a transaction are waited for by whoever reads them: they bring the checkpoint forward. So does a newer edition
   * of a table, which is in force from a checkpoint on.
   */
  #isCheckpointDue(task: Task): boolean {
    const { options, tables } = this.#parts;
    const waitedFor = tables.isWaiting || (task.gaveOut && options.delivery !== 'at-least-once');
    return task.changed && this.#nowMs() >= (waitedFor ? this.#nextResultsMs : this.#nextCheckpointMs);
  }

  #handlers(): GroupHandlers {
    return {
      assigned: (partitions) => this.#turns.take(() => this.#begin(partitions)),
      revoked: () =>
        this.#turns.take(async () => {
          if (this.#task) await this.#save(this.#task);
          await this.#drop();
        }),
      lost: () => this.#turns.take(() => this.#drop()),
      failed: (error) => {
        this.#failure = error;
        this.#fetcher.wake();
      },
    };
  }

  /** Makes the task of these partitions from what was committed for them. */
  async #begin(partitions: readonly TopicPartition[]): Promise<void> {
    const { connection, options, report, memory, sources, makeJob } = this.#parts;
    if (partitions.length === 0) {
      report.note('info', 'another run of this pipeline is at work; standing by');
      report.state.state = 'idle';
      return;
    }
    await this.#drop();
    if (this.#group) this.#output = await openTaskOutput(connection, options, this.#group);
    const output = this.#output;
    const restored = memory.resetState ? undefined : await output?.checkpoints.load(partitions);
    if (restored?.stateLeft) report.note('warning', 'the offsets were moved by hand: open windows begin empty');
    const committed = new Map(restored?.offsets.map((offset) => [keyOf(offset), offset.offset]));
    // A partition that was added since the last run is read whole, wherever that run once began.
    const begin = committed.size > 0 ? undefined : options.from;
    const first = await startOffsets(connection, partitions, begin ?? { kind: 'start' });
    if (options.bounded) await this.#rememberEnds(partitions);
    this.#closedAtEof = restored?.closedAtEof ?? false;
    const task = new Task({
      clock: options.place.edges.clock,
      fetcher: this.#fetcher,
      job: makeJob(restored?.state),
      sources,
      results: output?.results,
      side: output?.side,
      report,
      rejected: onRejected(options),
      start: first.map((from) => ({ ...from, offset: committed.get(keyOf(from)) ?? from.offset })),
      ends: options.bounded ? memory.ends : undefined,
    });
    this.#task = task;
    for (const topic of new Set(partitions.map((partition) => partition.topic))) {
      report.state.source(topic, partitions.filter((partition) => partition.topic === topic).length);
    }
    report.state.state = 'running';
    this.#scheduleCheckpoint(0);
    // A former state must not come back when the run dies before its first checkpoint.
    if (memory.resetState && output) await this.#save(task);
    memory.resetState = false;
  }

  /** Makes what was done so far durable. */
  async #save(task: Task): Promise<void> {
    if (!this.#output) {
      task.settled();
      return;
    }
    const beganMs = this.#nowMs();
    await this.#output.checkpoints.save(task);
    this.#closedAtEof = false;
    this.#scheduleCheckpoint(this.#nowMs() - beganMs);
  }

  /** @param tookMs time that the last checkpoint took. */
  #scheduleCheckpoint(tookMs: number): void {
    const everyMs = this.#parts.options.checkpointEveryMs ?? CHECKPOINT_EVERY_MS;
    const leastMs = tookMs / CHECKPOINT_SHARE;
    this.#nextCheckpointMs = this.#nowMs() + Math.max(everyMs, leastMs);
    this.#nextResultsMs = this.#nowMs() + Math.max(Math.min(everyMs, RESULTS_WAIT_MS), leastMs);
  }

  /**
   * The end of a bounded run. The state is saved with its windows still open: a next run that finds more rows goes on
   * with them and gives the completed results. Without more rows there is nothing to say a second time.
   */
  async #finish(task: Task): Promise<void> {
    this.#parts.report.state.state = 'draining';
    if (this.#closedAtEof && !task.changed) return;
    await this.#save(task);
    await task.close('eof');
    await this.#output?.checkpoints.saveClosedAtEof(task);
    await this.#commitAside(task);
    this.#tell(task);
  }

  /** The end at the owner's wish: open windows stay open for the next run; where there can be none they are given out. */
  async #stop(): Promise<void> {
    const task = this.#task;
    if (!task) return;
    this.#parts.report.state.state = 'draining';
    if (this.#output) {
      if (task.changed) await this.#save(task);
    } else {
      await task.close('timeout');
      await this.#commitAside(task);
    }
    this.#tell(task);
  }

  /** A query without a group of its own commits only at its end, when everything it read was given out. */
  async #commitAside(task: Task): Promise<void> {
    const { connection, options } = this.#parts;
    if (options.commitTo !== undefined) await connection.commit(options.commitTo, task.positions());
  }

  async #drop(): Promise<void> {
    this.#task?.drop();
    this.#task = undefined;
    const output = this.#output;
    this.#output = undefined;
    await output?.abandon();
  }

  #holdOrGoOn(task: Task): void {
    const { paused } = this.#parts.memory;
    if (paused === (this.#pausedTask === task)) return;
    if (paused) task.pause();
    else task.resume();
    this.#pausedTask = paused ? task : undefined;
  }

  /** Tells the dashboard how things stand. */
  #tell(task: Task): void {
    const { report, memory } = this.#parts;
    let total: number | null = 0;
    for (const [topic, lag] of task.lags()) {
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

  async #rememberEnds(partitions: readonly TopicPartition[]): Promise<void> {
    const { connection, memory, options } = this.#parts;
    if (typeof options.bounded === 'object') for (const end of options.bounded) memory.ends.set(keyOf(end), end.offset);
    const unknown = partitions.filter((partition) => !memory.ends.has(keyOf(partition)));
    if (unknown.length === 0) return;
    for (const end of await connection.offsets(unknown, 'end')) memory.ends.set(keyOf(end), end.offset);
  }

  #nowMs(): number {
    return this.#parts.options.place.edges.clock.elapsed();
  }
}

/** Waits for `work`, but not longer than until `signal` aborts. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let stop: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener('abort', resolve as () => void, { once: true });
  });
  // What fails after the abort is of no interest any more.
  work.catch(() => undefined);
  await Promise.race([work, aborted]);
  signal.removeEventListener('abort', stop!);
}
