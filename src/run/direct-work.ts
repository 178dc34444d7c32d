import type { CommitOffset, FetchedRecords, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import type { ReferenceRows } from '../engine/job.js';
import { encodeMark } from './checkpoint-mark.js';
import type { WorkOutput } from './output.js';
import type { PipelineSnapshot } from './snapshot-file.js';
import { type StateMark, WHOLE_STATE } from './state-topic.js';
import type { Task } from './task.js';
import type { Work } from './work.js';

/** What one worker alone goes on from, and writes to. */
export interface DirectParts {
  readonly task: Task;
  /** Undefined for a run that belongs to no group and writes nothing. */
  readonly output: WorkOutput | undefined;
  /** State that the committed offsets still speak of. */
  readonly state: StateMark | undefined;
  readonly closedAtEof: boolean;
  /** At the end of a bounded run the windows stay open. */
  readonly keepOpen: boolean;
  /** Ends of exchanges that were used when the work was shared: nothing is left in them. */
  readonly exchanges: readonly TopicPartitionOffset[];
  /** Offsets of a query that has no group of its own, when everything it read was given out. */
  readonly commitAside: (positions: readonly TopicPartitionOffset[]) => Promise<void>;
}

/** One worker does all of a pipeline: rows go from the sources to the results without leaving the process. */
export class DirectWork implements Work {
  readonly full = false;
  readonly over = false;
  readonly #parts: DirectParts;
  readonly #task: Task;
  #state: StateMark | undefined;
  #closedAtEof: boolean;
  /** Its open windows were given out: the state that counts is that of before. */
  #isOver = false;

  constructor(parts: DirectParts) {
    this.#parts = parts;
    this.#task = parts.task;
    this.#state = parts.state;
    this.#closedAtEof = parts.closedAtEof;
  }

  get changed(): boolean {
    return this.#task.changed;
  }

  get gaveOut(): boolean {
    return this.#task.gaveOut;
  }

  get finished(): boolean {
    return this.#task.finished;
  }

  take(records: FetchedRecords): Promise<void> {
    return this.#task.take(records);
  }

  lookAtTime(): Promise<void> {
    return this.#task.lookAtTime();
  }

  takeTables(editions: ReadonlyMap<string, ReferenceRows>): void {
    this.#task.takeTables(editions);
  }

  /** Makes the state that the work begins with the one that counts. */
  begin(): Promise<void> {
    return this.#write(this.#closedAtEof);
  }

  async save(): Promise<void> {
    // A rebalance may come between the end of a run and its leave.
    if (!this.#isOver) await this.#write(this.#closedAtEof && !this.changed);
  }

  async #write(closedAtEof: boolean): Promise<void> {
    const { output } = this.#parts;
    if (output) {
      const slot = this.#state?.owner === WHOLE_STATE ? 1 - this.#state.slot : 0;
      const state = await output.states.write(this.#task.snapshot(), { owner: WHOLE_STATE, slot });
      await this.#commit(output, state, closedAtEof);
      output.states.committed(WHOLE_STATE);
      this.#state = state;
    }
    this.#closedAtEof = closedAtEof;
    this.#task.settled();
  }

  async #commit({ committer }: WorkOutput, state: StateMark | undefined, closedAtEof: boolean): Promise<void> {
    const offsets = this.#task.positions((newest) => ({ kind: 'whole', state, closedAtEof, newest }));
    const metadata = encodeMark({ kind: 'whole', state, closedAtEof, newest: {} });
    const between = this.#parts.exchanges.map((end): CommitOffset => ({ ...end, metadata }));
    await committer.commit([...offsets, ...between]);
  }

  /**
   * The state is saved with its windows still open: a next run that finds more rows goes on with them and gives the
   * completed results. Without more rows there is nothing to say a second time.
   */
  async finish(): Promise<boolean> {
    if (this.#closedAtEof && !this.changed) return true;
    await this.save();
    if (this.#parts.keepOpen) return true;
    this.#isOver = true;
    await this.#task.close('eof');
    const { output } = this.#parts;
    if (output) await this.#commit(output, this.#state, true);
    await this.#parts.commitAside(this.positions());
    return true;
  }

  async stop(): Promise<void> {
    if (this.#parts.output) {
      if (this.changed) await this.save();
      return;
    }
    await this.#task.close('timeout');
    await this.#parts.commitAside(this.positions());
  }

  /** State and places of now, which a run elsewhere can begin from. */
  point(): Pick<PipelineSnapshot, 'state' | 'positions' | 'closedAtEof'> {
    const positions = this.#task.positions().map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    return { state: this.#task.snapshot(), positions, closedAtEof: this.#closedAtEof };
  }

  positions(): readonly TopicPartitionOffset[] {
    return this.#task.positions();
  }

  lags(): ReadonlyMap<string, number | null> {
    return this.#task.lags();
  }

  pause(): void {
    this.#task.pause();
  }

  resume(): void {
    this.#task.resume();
  }

  async close(): Promise<void> {
    await this.#parts.output?.close();
    this.#task.drop();
  }

  async abandon(): Promise<void> {
    this.#task.drop();
    await this.#parts.output?.abandon();
  }
}
