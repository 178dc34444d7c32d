import { StreamctlError } from '../base/errors.js';
import type { Clock } from '../base/time.js';
import type { Group, Producer } from '../connect/kafka/contracts.js';
import type { CommitOffset } from '../connect/kafka/interfaces.js';
import { KafkaFailure } from '../connect/kafka/kafka-failure.js';
import { errorCodes } from '../wire/error-codes.js';

/** Makes what was written count, together with the offsets it came from. */
export interface Committer {
  /** @throws `conflict` when another worker has the partitions now. */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
}

/** How long a commit waits for a rebalance that is under way. */
const REBALANCE_WAIT_MS = 30_000;
const REBALANCE_LOOK_MS = 50;

/** Errors that tell a worker that another one took its place. */
const FENCED: ReadonlySet<number> = new Set([
  errorCodes.PRODUCER_FENCED,
  errorCodes.INVALID_PRODUCER_EPOCH,
  errorCodes.UNKNOWN_MEMBER_ID,
  errorCodes.ILLEGAL_GENERATION,
  errorCodes.FENCED_INSTANCE_ID,
]);

/** First what was written is acknowledged, then the offsets are committed: a crash in between repeats, loses nothing. */
export function atLeastOnce(producer: Producer, group: Pick<Group, 'commit'>): Committer {
  return {
    async commit(offsets) {
      await producer.flush();
      await group.commit(offsets);
    },
  };
}

/**
 * What was written and the offsets are one transaction: readers of committed records see both or neither. Begins the
 * first one at once, and the next one after each commit.
 * @see KIP-98, KIP-447
 */
export function exactlyOnce(producer: Producer, group: Pick<Group, 'identity'>, clock: Clock): Committer {
  producer.begin();
  return {
    async commit(offsets) {
      await producer.flush();
      await sendOffsets(producer, group, offsets, clock);
      await producer.commit().catch(rethrow);
      producer.begin();
    },
  };
}

async function sendOffsets(
  producer: Producer,
  group: Pick<Group, 'identity'>,
  offsets: readonly CommitOffset[],
  clock: Clock,
): Promise<void> {
  const deadline = clock.elapsed() + REBALANCE_WAIT_MS;
  for (;;) {
    const identity = group.identity();
    if (!identity) throw fenced('the worker is not a member of its group at the moment');
    try {
      await producer.sendOffsets(offsets, identity);
      return;
    } catch (error) {
      const rebalancing = error instanceof KafkaFailure && error.kafkaCode === errorCodes.REBALANCE_IN_PROGRESS;
      if (!rebalancing || clock.elapsed() >= deadline) return rethrow(error);
      // The members have joined and wait for the leader: the next generation takes the offsets.
      await clock.sleep(REBALANCE_LOOK_MS);
    }
  }
}

/** Gives the codes of a fenced worker one name. */
function rethrow(error: unknown): never {
  if (error instanceof KafkaFailure && FENCED.has(error.kafkaCode)) throw fenced(error.message, error);
  throw error;
}

function fenced(detail: string, cause?: unknown): StreamctlError {
  return new StreamctlError('conflict', 'another worker has taken over the partitions of this one', {
    detail,
    hint: 'what was not committed is read again by the one that has them',
    ...(cause === undefined ? {} : { cause }),
  });
}
