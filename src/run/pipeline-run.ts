import { toHex } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { Timer } from '../base/time.js';
import { KafkaFailure } from '../connect/kafka/kafka-failure.js';
import { errorCodes } from '../wire/error-codes.js';
import type { Connection } from './connection.js';
import { dashboardFrame } from './dashboard-frame.js';
import { DashboardState } from './dashboard-state.js';
import { type EndSummary, type PipelineRun, type PipelineRunOptions, RECONNECT_MS } from './interfaces.js';
import { groupOf, neededTopics } from './internal-topics.js';
import { LocalState } from './local-state.js';
import { openConnection } from './open-connection.js';
import { openStatus } from './output.js';
import { fingerprintOf, jobMaker, loopSources } from './plan-parts.js';
import { ReferenceTables } from './reference-tables.js';
import { Report } from './report.js';
import { type RunMemory, Session, type SessionEnd } from './session.js';
import { readSnapshot } from './snapshot-file.js';
import type { StatusWriter } from './status-writer.js';
import { takeWorkerName, type WorkerName } from './worker-name.js';

/** Waits between two attempts to reach a broker that is gone. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
const SECOND_MS = 1_000;
/** How long one connection retries by itself before the session ends. */
const CLIENT_PATIENCE_MS = 5_000;

/**
 * Brings a plan to life: reads its sources, works through the loop, writes its sinks, and goes on after a broker was
 * gone. The run begins at once; what goes wrong is told by `done`.
 */
export function startPipelineRun(options: PipelineRunOptions): PipelineRun {
  return new Supervisor(options);
}

/** Keeps a run going through one session after the other. */
class Supervisor implements PipelineRun {
  readonly done: Promise<EndSummary>;
  readonly #options: PipelineRunOptions;
  readonly #state: DashboardState;
  readonly #report: Report;
  readonly #memory: RunMemory;
  readonly #tables: ReferenceTables;
  readonly #stop = new AbortController();
  #status: StatusWriter | undefined;
  #local: LocalState | undefined;
  #positions: EndSummary['positions'] = [];
  /** Undefined before the first turn: a broker that was never there is not waited for. */
  #healthyMs: number | undefined;

  constructor(options: PipelineRunOptions) {
    this.#options = options;
    const { clock, crypto } = options.place.edges;
    this.#state = new DashboardState(dashboardFrame(options.plan, options.place.name), clock);
    this.#report = new Report(options.plan, this.#state, options.listener ?? {}, options.showsResults);
    this.#tables = new ReferenceTables(options, this.#report);
    this.#memory = {
      runId: toHex(crypto.randomBytes(8)),
      ends: new Map(),
      resetState: options.resetState ?? false,
      beginning: undefined,
      snapshotBytes: undefined,
      stop: this.#stop.signal,
      paused: false,
      isKnown: false,
      memberId: undefined,
      instanceId: undefined,
    };
    this.done = this.#run();
  }

  snapshot(): EndSummary['snapshot'] {
    return this.#state.snapshot();
  }

  stop(): Promise<EndSummary> {
    this.#stop.abort();
    return this.done;
  }

  pause(): void {
    this.#memory.paused = true;
  }

  resume(): void {
    this.#memory.paused = false;
  }

  async #run(): Promise<EndSummary> {
    const seconds = this.#everySecond();
    const name = await this.#takeName();
    this.#local = this.#localState(name);
    try {
      this.#readSnapshot();
      const reason = await this.#untilTheEnd();
      this.#state.state = 'done';
      this.#state.tick();
      if (reason === 'eof') this.#report.eof();
      const { snapshotBytes } = this.#memory;
      return {
        reason,
        ...(snapshotBytes === undefined ? {} : { snapshotBytes }),
        snapshot: this.#state.snapshot(),
        positions: this.#positions,
      };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.#report.note('error', error.message);
      this.#state.state = 'failed';
      return { reason: 'failed', error, snapshot: this.#state.snapshot(), positions: this.#positions };
    } finally {
      seconds.cancel();
      await this.#local?.close();
      await name?.release();
    }
  }

  async #takeName(): Promise<WorkerName | undefined> {
    const { group, plan, place } = this.#options;
    if (group === null) return undefined;
    const name = await takeWorkerName(place.edges, group ?? groupOf(plan.name), fingerprintOf(this.#options));
    this.#memory.instanceId = name?.instanceId;
    return name;
  }

  #readSnapshot(): void {
    const { fromSnapshot, place } = this.#options;
    if (fromSnapshot === undefined) return;
    this.#memory.beginning = { snapshot: readSnapshot(place.edges.files, fromSnapshot), isClear: false };
  }

  #localState(name: WorkerName | undefined): LocalState | undefined {
    const { stateFolder, plan, place, group } = this.#options;
    if (stateFolder === undefined || group === null) return undefined;
    return new LocalState(
      place.edges,
      {
        folder: `${stateFolder}/${plan.name}`,
        pipeline: plan.name,
        plan: fingerprintOf(this.#options),
        worker: name?.worker ?? this.#memory.runId,
      },
      {
        note: (level, text) => this.#report.note(level, text),
        status: (status) => {
          this.#state.localState = status;
        },
      },
    );
  }

  /** Session after session, while their errors are of the kind that passes. */
  async #untilTheEnd(): Promise<SessionEnd> {
    const { clock } = this.#options.place.edges;
    let waitMs = FIRST_WAIT_MS;
    for (;;) {
      const beganMs = clock.elapsed();
      try {
        return await this.#session();
      } catch (error) {
        if (isNameTaken(error)) {
          this.#memory.instanceId = undefined;
          this.#memory.memberId = undefined;
        }
        if (this.#stop.signal.aborted || this.#healthyMs === undefined || !passes(error)) throw error;
        // What is wrong with the disk of a snapshot is for the person to mend.
        if (this.#options.snapshotTo !== undefined && (error as StreamctlError).code === 'disk-failed') throw error;
        if (this.#healthyMs >= beganMs) waitMs = FIRST_WAIT_MS;
        const givenMs = this.#options.reconnectMs ?? RECONNECT_MS;
        if (clock.elapsed() + waitMs - this.#healthyMs > givenMs) throw error;
        this.#report.note('warning', `${(error as Error).message}; trying again`);
        await clock.sleep(waitMs, this.#stop.signal);
        if (this.#stop.signal.aborted) return 'stopped';
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      }
    }
  }

  /** One session from connecting to closing; nothing of it is left open, whatever happens. */
  async #session(): Promise<SessionEnd> {
    const options = this.#options;
    const connection = await this.#connect();
    let session: Session | undefined;
    try {
      if (options.group !== null) await this.#openTopics(connection);
      await this.#tables.open(connection);
      session = new Session({
        options,
        connection,
        report: this.#report,
        memory: this.#memory,
        sources: loopSources(options),
        tables: this.#tables,
        jobs: jobMaker(options, this.#tables),
        local: this.#local,
        healthy: () => {
          this.#healthyMs = options.place.edges.clock.elapsed();
        },
      });
      const end = await session.work();
      this.#positions = session.positions();
      await session.close();
      this.#state.state = 'done';
      const status = this.#status;
      this.#status = undefined;
      await status?.close(this.#state.snapshot());
      return end;
    } catch (error) {
      const status = this.#status;
      this.#status = undefined;
      await session?.abandon(error);
      await status?.abandon();
      throw error;
    } finally {
      await this.#tables.close();
      await connection.close().catch(() => undefined);
    }
  }

  async #connect(): Promise<Connection> {
    const { place } = this.#options;
    const settings = await place.connect();
    // Longer outages are this class's own affair: it opens everything anew, wherever the broker is then.
    return openConnection(
      { ...settings, retryTimeoutMs: Math.min(settings.retryTimeoutMs, CLIENT_PATIENCE_MS) },
      place.edges,
    );
  }

  /** Makes the topics that are missing, and opens the status. */
  async #openTopics(connection: Connection): Promise<void> {
    const made = await connection.createMissing(neededTopics(this.#options.plan));
    if (made.length > 0) this.#report.note('info', `made ${made.length === 1 ? 'topic' : 'topics'} ${made.join(', ')}`);
    this.#status = await openStatus(connection, this.#options, this.#memory.runId);
  }

  /** Closes a second of history and writes the status, as long as the run lasts. */
  #everySecond(): Timer {
    const { clock } = this.#options.place.edges;
    let timer: Timer;
    const tick = (): void => {
      this.#report.second();
      this.#status?.write(this.#state.snapshot());
      timer = clock.after(SECOND_MS, tick, true);
    };
    timer = clock.after(SECOND_MS, tick, true);
    return { cancel: () => timer.cancel() };
  }
}

/** Another member has this one's name: taking it back would end that one's work, and so on for ever. */
function isNameTaken(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof KafkaFailure && cause.kafkaCode === errorCodes.FENCED_INSTANCE_ID) return true;
  }
  return false;
}

/** Whether an error is of the world outside and may be gone when everything is opened anew. */
function passes(error: unknown): boolean {
  if (!(error instanceof StreamctlError)) return false;
  // Another member has the partitions: this one joins again and stands by.
  return error.retry === 'later' || error.code === 'conflict';
}
