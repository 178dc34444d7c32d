import type { ResponseOf } from '../../wire/api.js';
import { offsetCommitApi } from '../../wire/apis/08-offset-commit.js';
import { joinGroupApi } from '../../wire/apis/11-join-group.js';
import { heartbeatApi } from '../../wire/apis/12-heartbeat.js';
import { leaveGroupApi } from '../../wire/apis/13-leave-group.js';
import { syncGroupApi } from '../../wire/apis/14-sync-group.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { KafkaClient } from './client.js';
import type { CommitOffset, GroupOptions } from './interfaces.js';
import { byTopic } from './topic-groups.js';

const PROTOCOL_TYPE = 'consumer';
/** Later versions name topics by id. */
const MAX_COMMIT_VERSION = 9;
/** How long a heartbeat is tried before the next one is due anyway. */
const HEARTBEAT_RETRY_MS = 1_000;

export interface Membership {
  readonly memberId: string;
  readonly generation: number;
}

/** The requests of one group member, each to the group's coordinator. All throw KafkaFailure. */
export class GroupRequests {
  readonly #client: KafkaClient;
  readonly #groupId: string;
  readonly #instanceId: string | null;
  readonly #leavesForGood: boolean;
  readonly #sessionTimeoutMs: number;
  readonly #rebalanceTimeoutMs: number;

  constructor(client: KafkaClient, options: GroupOptions, sessionTimeoutMs: number, rebalanceTimeoutMs: number) {
    this.#client = client;
    this.#groupId = options.groupId;
    this.#instanceId = options.instanceId ?? null;
    this.#leavesForGood = options.leavesForGood ?? this.#instanceId === null;
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#rebalanceTimeoutMs = rebalanceTimeoutMs;
  }

  /** Waits until all members have joined. Asks again at once when the coordinator first gives out a member id. */
  async join(
    memberId: string,
    protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[],
    reason: string,
    signal: AbortSignal,
  ): Promise<ResponseOf<typeof joinGroupApi>> {
    const response = await this.#client.call(
      joinGroupApi,
      {
        groupId: this.#groupId,
        sessionTimeoutMs: this.#sessionTimeoutMs,
        rebalanceTimeoutMs: this.#rebalanceTimeoutMs,
        memberId,
        groupInstanceId: this.#instanceId,
        protocolType: PROTOCOL_TYPE,
        protocols,
        reason,
      },
      { group: this.#groupId },
      {
        what: `cannot join group "${this.#groupId}"`,
        timeoutMs: this.#rebalanceTimeoutMs + this.#client.settings.requestTimeoutMs,
        errorOf: ({ errorCode }) => (errorCode === errorCodes.MEMBER_ID_REQUIRED ? 0 : errorCode),
        signal,
      },
    );
    if (response.errorCode !== errorCodes.MEMBER_ID_REQUIRED) return response;
    return this.join(response.memberId, protocols, reason, signal);
  }

  /** Hands the leader's assignment to the coordinator, and gets this member's own. */
  async sync(
    member: Membership,
    protocolName: string,
    assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[],
  ): Promise<Uint8Array> {
    const response = await this.#client.call(
      syncGroupApi,
      {
        groupId: this.#groupId,
        generationId: member.generation,
        memberId: member.memberId,
        groupInstanceId: this.#instanceId,
        protocolType: PROTOCOL_TYPE,
        protocolName,
        assignments,
      },
      { group: this.#groupId },
      {
        what: `cannot get the assignment of group "${this.#groupId}"`,
        timeoutMs: this.#rebalanceTimeoutMs + this.#client.settings.requestTimeoutMs,
        errorOf: ({ errorCode }) => errorCode,
      },
    );
    return response.assignment;
  }

  async heartbeat(member: Membership): Promise<void> {
    await this.#client.call(
      heartbeatApi,
      {
        groupId: this.#groupId,
        generationId: member.generation,
        memberId: member.memberId,
        groupInstanceId: this.#instanceId,
      },
      { group: this.#groupId },
      {
        what: `the heartbeat of group "${this.#groupId}" failed`,
        retryTimeoutMs: HEARTBEAT_RETRY_MS,
        errorOf: ({ errorCode }) => errorCode,
      },
    );
  }

  async commit(member: Membership, offsets: readonly CommitOffset[]): Promise<void> {
    const topics = byTopic(offsets, ({ partition, offset, leaderEpoch, metadata }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: leaderEpoch ?? -1,
      committedMetadata: metadata ?? '',
    }));
    await this.#client.call(
      offsetCommitApi,
      {
        groupId: this.#groupId,
        generationIdOrMemberEpoch: member.generation,
        memberId: member.memberId,
        groupInstanceId: this.#instanceId,
        topics: topics.map(({ name, entries }) => ({ name, partitions: entries })),
      },
      { group: this.#groupId },
      {
        what: `cannot commit the offsets of group "${this.#groupId}"`,
        maxVersion: MAX_COMMIT_VERSION,
        errorOf: (response) =>
          response.topics.flatMap((topic) => topic.partitions).find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0,
      },
    );
  }

  /** Leaves at once, so that the others need not wait for the session to time out. Static members may stay. */
  async leave(member: Membership): Promise<void> {
    if (!this.#leavesForGood) return;
    await this.#client.call(
      leaveGroupApi,
      {
        groupId: this.#groupId,
        memberId: member.memberId,
        members: [{ memberId: member.memberId, groupInstanceId: this.#instanceId, reason: 'the member closes' }],
      },
      { group: this.#groupId },
      { what: `cannot leave group "${this.#groupId}"`, retryTimeoutMs: 0 },
    );
  }
}
