import { StreamctlError } from '../base/errors.js';
import type { Group } from '../connect/kafka/contracts.js';
import type { CommitOffset, TopicPartition } from '../connect/kafka/interfaces.js';
import { type CheckpointMark, decodeMark, encodeMark } from './checkpoint-mark.js';
import type { Committer } from './committer.js';
import { type ReadState, readState, type StateMark, type StateTopic } from './state-topic.js';
import type { Task } from './task.js';

/** What a task goes on from. */
export interface Restored {
  /** Committed offsets; partitions without one are read from where the run was told to begin. */
  readonly offsets: readonly CommitOffset[];
  /** State of the job at these offsets. */
  readonly state: Uint8Array | undefined;
  readonly closedAtEof: boolean;
  /** The offsets were moved by hand, so the state that belonged to others was left. */
  readonly stateLeft: boolean;
}

/** Where checkpoints are kept. */
export interface CheckpointPlaces {
  readonly group: Pick<Group, 'committed'>;
  readonly committer: Committer;
  readonly stateTopic: StateTopic;
  readonly read: ReadState;
}

/**
 * Saves and restores a task, so that a crash at any moment loses nothing: first everything that was given out is
 * acknowledged, then the state is, and only then the offsets are committed, with the place of the state as their
 * metadata. Offsets and state can thus never be of different moments. What came after the last commit is read again; its
 * results were part of a transaction that is aborted or, at least once, are given out again with the same values.
 */
export class Checkpoints {
  readonly #places: CheckpointPlaces;
  #state: StateMark | undefined;

  constructor(places: CheckpointPlaces) {
    this.#places = places;
  }

  /** @throws `log-corrupt` when the state of the committed offsets is gone. */
  async load(partitions: readonly TopicPartition[]): Promise<Restored> {
    const offsets = await this.#places.group.committed(partitions);
    const marks = new Set(offsets.map(({ metadata }) => metadata ?? ''));
    const mark = marks.size === 1 ? decodeMark([...marks][0]) : undefined;
    this.#state = mark?.state;
    const state = mark?.state && (await readState(mark.state, this.#places.read));
    return {
      offsets,
      state,
      closedAtEof: mark?.closedAtEof ?? false,
      stateLeft: mark === undefined && offsets.length > 0,
    };
  }

  /**
   * Commits the task as it is now.
   * @throws `conflict` when another member has the partitions now.
   */
  async save(task: Task): Promise<void> {
    const state = await this.#places.stateTopic.write(task.snapshot(), this.#state ? 1 - this.#state.slot : 0);
    await this.#commit(task, { state, closedAtEof: false });
    this.#state = state;
    task.settled();
  }

  /** Commits what was given out of the windows that are open in the saved state; see {@link CheckpointMark}. */
  async saveClosedAtEof(task: Task): Promise<void> {
    await this.#commit(task, { state: this.#state, closedAtEof: true });
  }

  async #commit(task: Task, mark: CheckpointMark): Promise<void> {
    const metadata = encodeMark(mark);
    if (metadata.length > MAX_METADATA_BYTES) {
      throw new StreamctlError('internal', 'the mark of a checkpoint does not fit beside its offsets');
    }
    await this.#places.committer.commit(task.positions(metadata));
  }
}

/** Kafka's `offset.metadata.max.bytes`. */
const MAX_METADATA_BYTES = 4096;
