import type { Clock } from '../../base/time.js';
import type { RequestOf } from '../../wire/api.js';
import type { offsetCommitApi } from '../../wire/apis/08-offset-commit.js';
import type { offsetDeleteApi } from '../../wire/apis/47-offset-delete.js';
import { errorCodes } from '../../wire/error-codes.js';
import { ZERO_UUID } from '../../wire/uuid.js';
import type { Journal, JournalEntry } from '../journal.js';
import { groupRemovedEntry, offsetsEntry, offsetsRemovedEntry, type TopicPartition } from './group-entries.js';
import type { GroupStore } from './group-store.js';
import type { GroupSettings, PartitionOffset } from './group-types.js';
import type { TopicDirectory } from './topic-directory.js';

/** What a group says about offsets, whichever protocol its members speak. */
export interface OffsetGroup {
  readonly type: 'classic' | 'consumer';
  /**
   * Whether this member of this generation (or member epoch) may commit.
   * @returns an error code.
   */
  checkCommit(memberId: string, instanceId: string | null, generation: number, transactional: boolean): number;
  /** Whether this member of this epoch may fetch; an error code. */
  checkFetch(memberId: string | null, memberEpoch: number): number;
  /** Nobody is in it or on the way into it. */
  readonly isIdle: boolean;
  /** A commit shows that the member is alive. */
  touch(memberId: string): void;
  /** Whether a member consumes this topic, as far as that is known. */
  subscribes(topic: string): boolean;
  /** NON_EMPTY_GROUP where we cannot know what the members consume. */
  checkOffsetDelete(): number;
  /**
   * From when on offsets age: `commit` each from its own time, a number: all from this one, undefined: not at all.
   */
  ageFrom(): 'commit' | number | undefined;
}

export interface GroupOffsetsParts {
  readonly clock: Clock;
  readonly settings: GroupSettings;
  readonly journal: Pick<Journal, 'append' | 'settled'>;
  readonly store: GroupStore;
  readonly topics: TopicDirectory;
  find(groupId: string): OffsetGroup | undefined;
  /** A group that exists because somebody commits to it without being a member; undefined when there are too many. */
  findOrMake(groupId: string): OffsetGroup | undefined;
  /** All offsets of a group have expired. */
  emptied(groupId: string): void;
}

type CommitRequest = RequestOf<typeof offsetCommitApi>;

/** One topic of a commit; only version 10 of OffsetCommit names topics by id. */
interface CommitTopic extends Omit<CommitRequest['topics'][number], 'topicId'> {
  readonly topicId?: string;
}

/** A TxnOffsetCommit. */
export interface TransactionalCommit {
  readonly groupId: string;
  readonly producerId: bigint;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly CommitTopic[];
}

/** A commit's answer, topic by topic in the order of the request. */
export interface OffsetCommitAnswer {
  readonly topics: readonly {
    readonly name: string;
    readonly topicId: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[];
}

/** Partitions of one topic to fetch; an id (version 10) in place of the name. */
export interface FetchTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitionIndexes: readonly number[];
}

export interface FetchGroup {
  readonly groupId: string;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  /** null: everything that was committed. */
  readonly topics: readonly FetchTopic[] | null;
}

export interface FetchedPartition {
  readonly partitionIndex: number;
  readonly committedOffset: bigint;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: number;
}

export interface FetchedGroup {
  readonly groupId: string;
  readonly errorCode: number;
  readonly topics: readonly {
    readonly name: string;
    readonly topicId: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

/** How far groups have read: commits, fetches, deletion and old age of offsets. */
export class GroupOffsets {
  readonly #parts: GroupOffsetsParts;

  constructor(parts: GroupOffsetsParts) {
    this.#parts = parts;
  }

  /**
   * Commits; durable when the promise resolves.
   * @param version of the request: 9 and later learn that a group does not exist, 10 and later name topics by id.
   */
  async commit(request: CommitRequest, version: number): Promise<OffsetCommitAnswer> {
    const error = this.#checkCommit(request, version);
    if (error !== errorCodes.NONE) return this.refuse(request.topics, error);
    const retentionMs = request.retentionTimeMs;
    const expiresAtMs = retentionMs < 0n ? null : this.#parts.clock.now() + Number(retentionMs);
    const { topics, accepted } = this.#check(request.topics, expiresAtMs, version >= 10);
    if (request.generationIdOrMemberEpoch >= 0) this.#parts.find(request.groupId)?.touch(request.memberId);
    if (accepted.length > 0) await this.#parts.journal.append(offsetsEntry(request.groupId, accepted));
    return { topics };
  }

  /**
   * Checks commits inside a transaction. They are not written here: the transaction does that, together with its own
   * change.
   * @returns the answer, and what is to be written (nothing when no partition was accepted).
   */
  checkTransactional(request: TransactionalCommit): {
    readonly answer: OffsetCommitAnswer;
    readonly entry?: JournalEntry;
  } {
    const { groupId, generationId, memberId, groupInstanceId } = request;
    const refuse = (errorCode: number) => ({ answer: this.refuse(request.topics, errorCode) });
    const group = generationId < 0 ? this.#parts.findOrMake(groupId) : this.#parts.find(groupId);
    if (!group) return refuse(generationId < 0 ? errorCodes.GROUP_MAX_SIZE_REACHED : errorCodes.ILLEGAL_GENERATION);
    const error = group.checkCommit(memberId, groupInstanceId, generationId, true);
    // Producers know the classic words only.
    if (error === errorCodes.STALE_MEMBER_EPOCH) return refuse(errorCodes.ILLEGAL_GENERATION);
    if (error !== errorCodes.NONE) return refuse(error);
    const { topics, accepted } = this.#check(request.topics, null, false);
    if (accepted.length === 0) return { answer: { topics } };
    return { answer: { topics }, entry: offsetsEntry(groupId, accepted, Number(request.producerId)) };
  }

  /** An answer with the same error for every partition. */
  refuse(topics: readonly CommitTopic[], errorCode: number): OffsetCommitAnswer {
    return {
      topics: topics.map(({ name, topicId, partitions }) => ({
        name,
        topicId: topicId ?? ZERO_UUID,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
      })),
    };
  }

  /**
   * What was committed.
   * @param requireStable partitions whose offset an open transaction may change are answered UNSTABLE_OFFSET_COMMIT.
   * @param version from 10 on, topics have ids in place of names.
   */
  async fetch(groups: readonly FetchGroup[], requireStable: boolean, version: number): Promise<FetchedGroup[]> {
    const answers = groups.map((group) => this.#fetchGroup(group, requireStable, version >= 10));
    // What was read must not be lost in a crash right after it was told.
    await this.#parts.journal.settled();
    return answers;
  }

  /** Deletes offsets of partitions that nobody in the group consumes. */
  async delete(request: RequestOf<typeof offsetDeleteApi>): Promise<{
    readonly errorCode: number;
    readonly topics: readonly {
      readonly name: string;
      readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
    }[];
  }> {
    const group = this.#parts.find(request.groupId);
    const errorCode = group ? group.checkOffsetDelete() : errorCodes.GROUP_ID_NOT_FOUND;
    if (!group || errorCode !== errorCodes.NONE) return { errorCode, topics: [] };
    const removed: TopicPartition[] = [];
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const error = this.#checkDelete(group, name, partitionIndex);
        if (error === errorCodes.NONE) removed.push([name, partitionIndex]);
        return { partitionIndex, errorCode: error };
      }),
    }));
    if (removed.length > 0) await this.#parts.journal.append(offsetsRemovedEntry(request.groupId, removed));
    return { errorCode, topics };
  }

  /** A deleted topic takes its offsets along, those in open transactions too. */
  async forgetTopic(topic: string): Promise<void> {
    const entries = [...this.#parts.store.partitionsOf(topic)].map(({ groupId, partitions }) =>
      offsetsRemovedEntry(
        groupId,
        partitions.map((partition) => [topic, partition]),
      ),
    );
    if (entries.length > 0) await this.#parts.journal.append(...entries);
  }

  /** Forgets offsets that are too old, and groups of which then nothing is left. */
  async expire(): Promise<void> {
    const { store, journal, clock } = this.#parts;
    const nowMs = clock.now();
    for (const groupId of store.groupIds()) {
      const group = this.#parts.find(groupId);
      const from = group?.ageFrom();
      if (!group || from === undefined) continue;
      const all = [...store.offsets(groupId)];
      const old = all.filter(
        (each) =>
          this.#isExpired(each, from, nowMs) &&
          !group.subscribes(each.topic) &&
          !store.hasPending(groupId, each.topic, each.partition),
      );
      if (group.isIdle && old.length === all.length && this.#isForgotten(groupId, all.length, from)) {
        this.#parts.emptied(groupId);
        await journal.append(groupRemovedEntry(groupId));
      } else if (old.length > 0) {
        await journal.append(
          offsetsRemovedEntry(
            groupId,
            old.map((each) => [each.topic, each.partition]),
          ),
        );
      }
    }
  }

  /** Whether a group without members, all of whose offsets are too old, may go as a whole. */
  #isForgotten(groupId: string, offsets: number, from: 'commit' | number): boolean {
    const { store, clock, settings } = this.#parts;
    if (store.hasPending(groupId)) return false;
    if (offsets > 0) return true;
    // It never had offsets: it goes when its members have been gone for as long.
    return from !== 'commit' && clock.now() - from >= settings.offsetRetentionMs;
  }

  #checkCommit(request: CommitRequest, version: number): number {
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generation } = request;
    let group = this.#parts.find(groupId);
    if (!group) {
      if (generation >= 0) return version >= 9 ? errorCodes.GROUP_ID_NOT_FOUND : errorCodes.ILLEGAL_GENERATION;
      group = this.#parts.findOrMake(groupId);
      if (!group) return errorCodes.GROUP_MAX_SIZE_REACHED;
    }
    // Before version 9 a generation cannot be a member epoch.
    if (group.type === 'consumer' && generation >= 0 && version < 9) return errorCodes.UNSUPPORTED_VERSION;
    return group.checkCommit(memberId, groupInstanceId, generation, false);
  }

  #check(requested: readonly CommitTopic[], expiresAtMs: number | null, byId: boolean) {
    const committedAtMs = this.#parts.clock.now();
    const accepted: PartitionOffset[] = [];
    const topics = requested.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId ?? ZERO_UUID,
      partitions: topic.partitions.map(
        ({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => {
          const metadata = committedMetadata ?? '';
          const { name, errorCode } = this.#checkPartition(topic, partitionIndex, metadata, byId);
          if (errorCode === errorCodes.NONE) {
            const position = { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata };
            accepted.push({ topic: name, partition: partitionIndex, ...position, committedAtMs, expiresAtMs });
          }
          return { partitionIndex, errorCode };
        },
      ),
    }));
    return { topics, accepted };
  }

  /** Whether a partition exists and the text beside its offset is not too long; `byId`: topics are named by id. */
  #checkPartition(
    topic: CommitTopic,
    partition: number,
    metadata: string,
    byId: boolean,
  ): { readonly name: string; readonly errorCode: number } {
    const { topics, settings } = this.#parts;
    const known = byId ? topics.byId(topic.topicId ?? ZERO_UUID) : topics.byName(topic.name);
    const name = known?.name ?? topic.name;
    if (!known && byId) return { name, errorCode: errorCodes.UNKNOWN_TOPIC_ID };
    if (!known || partition < 0 || partition >= known.partitions.length) {
      return { name, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION };
    }
    if (metadata.length > settings.maxOffsetMetadata) return { name, errorCode: errorCodes.OFFSET_METADATA_TOO_LARGE };
    return { name, errorCode: errorCodes.NONE };
  }

  #fetchGroup(request: FetchGroup, requireStable: boolean, byId: boolean): FetchedGroup {
    const { groupId } = request;
    const group = this.#parts.find(groupId);
    const errorCode = group?.checkFetch(request.memberId, request.memberEpoch) ?? errorCodes.NONE;
    if (errorCode !== errorCodes.NONE) return { groupId, errorCode, topics: [] };
    const topics = (request.topics ?? this.#allTopics(groupId, byId)).map((topic) => {
      const known = byId ? this.#parts.topics.byId(topic.topicId) : undefined;
      const name = byId ? known?.name : topic.name;
      return {
        name: name ?? '',
        topicId: topic.topicId,
        partitions: topic.partitionIndexes.map((partition) =>
          name === undefined
            ? nothing(partition, errorCodes.UNKNOWN_TOPIC_ID)
            : this.#fetchPartition(groupId, name, partition, requireStable),
        ),
      };
    });
    return { groupId, errorCode, topics };
  }

  #fetchPartition(groupId: string, topic: string, partition: number, requireStable: boolean): FetchedPartition {
    const { store } = this.#parts;
    if (requireStable && store.hasPending(groupId, topic, partition)) {
      return nothing(partition, errorCodes.UNSTABLE_OFFSET_COMMIT);
    }
    const found = store.offset(groupId, topic, partition);
    if (!found) return nothing(partition, errorCodes.NONE);
    return {
      partitionIndex: partition,
      committedOffset: found.offset,
      committedLeaderEpoch: found.leaderEpoch,
      metadata: found.metadata,
      errorCode: errorCodes.NONE,
    };
  }

  #allTopics(groupId: string, byId: boolean): FetchTopic[] {
    const partitions = new Map<string, number[]>();
    for (const each of this.#parts.store.offsets(groupId)) {
      const indexes = partitions.get(each.topic);
      if (indexes) indexes.push(each.partition);
      else partitions.set(each.topic, [each.partition]);
    }
    const topics = [...partitions].map(([name, partitionIndexes]) => {
      return { name, topicId: this.#parts.topics.byName(name)?.id ?? ZERO_UUID, partitionIndexes };
    });
    return byId ? topics.filter(({ topicId }) => topicId !== ZERO_UUID) : topics;
  }

  #checkDelete(group: OffsetGroup, topic: string, partition: number): number {
    if (group.subscribes(topic)) return errorCodes.GROUP_SUBSCRIBED_TO_TOPIC;
    const known = this.#parts.topics.byName(topic);
    const exists = known && partition >= 0 && partition < known.partitions.length;
    return exists ? errorCodes.NONE : errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  }

  #isExpired(offset: PartitionOffset, from: 'commit' | number, nowMs: number): boolean {
    // A commit that brought its own retention ends then, whatever the group does.
    if (offset.expiresAtMs !== null) return nowMs >= offset.expiresAtMs;
    const sinceMs = from === 'commit' ? offset.committedAtMs : Math.max(from, offset.committedAtMs);
    return nowMs - sinceMs >= this.#parts.settings.offsetRetentionMs;
  }
}

function nothing(partitionIndex: number, errorCode: number): FetchedPartition {
  return { partitionIndex, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode };
}
