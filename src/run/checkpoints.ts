import type { Group } from '../connect/kafka/contracts.js';
import type { CommitOffset, TopicPartition } from '../connect/kafka/interfaces.js';
import { type CheckpointMark, decodeMark } from './checkpoint-mark.js';
import type { ExchangeTopic } from './exchange-topics.js';
import { keyOf } from './idle-watch.js';
import { type StateMark, WHOLE_STATE } from './state-topic.js';

/** A committed offset and what state belongs to it; undefined when somebody else wrote it. */
export interface Marked extends TopicPartition {
  readonly offset: number;
  readonly mark: CheckpointMark | undefined;
}

/**
 * What the last checkpoints of a pipeline's workers say. First everything that was given out is acknowledged, then the
 * state is, and only then offsets are committed, with the place of the state as their metadata: offsets and state can never
 * be of different moments. What came after the last commit is read again; its results were part of a transaction that is
 * aborted or, at least once, are given out again with the same values.
 */
export class Checkpoint {
  readonly sources: readonly Marked[];
  readonly #exchanges: ReadonlyMap<string, Marked>;

  constructor(sources: readonly Marked[], exchanges: readonly Marked[]) {
    this.sources = sources;
    this.#exchanges = new Map(exchanges.map((one) => [keyOf(one), one]));
  }

  /** What was committed for a partition of an exchange. */
  exchange(partition: TopicPartition): Marked | undefined {
    return this.#exchanges.get(keyOf(partition));
  }

  /** State of the one worker that did everything before the work was shared, if that still counts for anything. */
  get base(): StateMark | undefined {
    for (const { mark } of [...this.#exchanges.values(), ...this.sources]) {
      if (mark?.kind === 'whole' && mark.state) return mark.state;
      if (mark?.kind === 'first' && mark.base) return mark.base;
      if (mark?.kind === 'second' && mark.state?.owner === WHOLE_STATE) return mark.state;
    }
    return undefined;
  }

  /** Whether offsets of sources were moved by hand. */
  get isMoved(): boolean {
    return this.sources.some(({ mark }) => mark === undefined);
  }

  /** Whether some state is that of a share. */
  get isShared(): boolean {
    return [...this.#exchanges.values()].some(({ mark }) => mark?.kind === 'second');
  }
}

/** Reads what was committed; offsets inside an open transaction are waited for. */
export async function readCheckpoint(
  group: Pick<Group, 'committed'>,
  sources: readonly TopicPartition[],
  exchanges: readonly ExchangeTopic[],
): Promise<Checkpoint> {
  const between = partitionsOf(exchanges);
  const committed = (await group.committed([...sources, ...between])).map(marked);
  const isBetween = new Set(between.map(keyOf));
  return new Checkpoint(
    committed.filter((one) => !isBetween.has(keyOf(one))),
    committed.filter((one) => isBetween.has(keyOf(one))),
  );
}

/** All partitions of exchanges. */
export function partitionsOf(exchanges: readonly ExchangeTopic[]): readonly TopicPartition[] {
  return exchanges.flatMap(({ topic, shares }) =>
    Array.from({ length: shares }, (_, partition): TopicPartition => ({ topic, partition })),
  );
}

function marked({ topic, partition, offset, metadata }: CommitOffset): Marked {
  return { topic, partition, offset, mark: decodeMark(metadata) };
}
