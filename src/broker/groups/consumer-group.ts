import type { Clock, Timer } from '../../base/time.js';
import { errorCodes } from '../../wire/error-codes.js';
import { behind } from '../behind.js';
import { newcomer, sameSubscription, subscribed, withMember } from './consumer-members.js';
import { reconcile } from './consumer-reconciliation.js';
import {
  type ConsumerHeartbeat,
  type ConsumerHeartbeatAnswer,
  heartbeatRefused,
  isFull,
  type Refusal,
} from './consumer-request.js';
import {
  type ConsumerGroupState,
  type ConsumerMember,
  JOINING,
  keysOf,
  STATIC_LEAVING,
  sameKeys,
  topicPartitionsOf,
} from './consumer-state.js';
import { metadataOf, preferredAssignor, subscribesTo, withTargets } from './consumer-targets.js';
import type { GroupSettings } from './group-types.js';
import type { TopicDirectory } from './topic-directory.js';

/** What a consumer group needs of its surroundings. */
export interface ConsumerGroupEdges {
  readonly clock: Clock;
  readonly settings: GroupSettings;
  readonly topics: TopicDirectory;
  /** Stores the group; resolves when that is durable. */
  save(state: ConsumerGroupState): Promise<void>;
}

const FENCED_INSTANCE: Refusal = {
  errorCode: errorCodes.FENCED_INSTANCE_ID,
  message: 'The instance id is held by another member.',
};
const UNRELEASED_INSTANCE: Refusal = {
  errorCode: errorCodes.UNRELEASED_INSTANCE_ID,
  message: 'The member with this instance id has not left.',
};

/** Who a heartbeat comes from. */
interface HeartbeatClient {
  readonly clientId: string;
  readonly host: string;
}

/**
 * One group of the consumer protocol: the broker assigns, and each member walks to its target by its own heartbeats.
 * The state is a frozen value; every change is a new one that is stored before the answer leaves.
 * @see KIP-848
 */
export class ConsumerGroup {
  readonly type = 'consumer';
  readonly #edges: ConsumerGroupEdges;
  readonly #sessions = new Map<string, Timer>();
  /** For members that have to give up partitions: until when, for which epoch. */
  readonly #revocations = new Map<string, { readonly epoch: number; readonly timer: Timer }>();
  #state: ConsumerGroupState;
  #isDead = false;

  /** @param stored the group as a restart finds it: its members have a session to show themselves. */
  constructor(edges: ConsumerGroupEdges, stored?: ConsumerGroupState) {
    this.#edges = edges;
    this.#state = stored ?? {
      epoch: 0,
      assignmentEpoch: 0,
      metadata: '',
      emptySinceMs: edges.clock.now(),
      members: [],
    };
    for (const member of this.#state.members) {
      this.#restartSession(member.id);
      this.#watchRevocation(member);
    }
  }

  get members(): readonly ConsumerMember[] {
    return this.#state.members;
  }
  get epoch(): number {
    return this.#state.epoch;
  }
  get assignmentEpoch(): number {
    return this.#state.assignmentEpoch;
  }
  get isIdle(): boolean {
    return this.members.length === 0;
  }

  /** The state's name, as clients are told. */
  get state(): 'Empty' | 'Assigning' | 'Reconciling' | 'Stable' | 'Dead' {
    if (this.#isDead) return 'Dead';
    const { epoch, assignmentEpoch, members } = this.#state;
    if (members.length === 0) return 'Empty';
    if (epoch > assignmentEpoch) return 'Assigning';
    const isThere = (member: ConsumerMember): boolean => member.status === 'Stable' && member.epoch === assignmentEpoch;
    return members.every(isThere) ? 'Stable' : 'Reconciling';
  }

  /** The assignor that most members want. */
  get assignor(): string {
    return preferredAssignor(this.members);
  }

  /** A member joins, stays, or goes on towards its target. */
  async heartbeat(request: ConsumerHeartbeat, client: HeartbeatClient): Promise<ConsumerHeartbeatAnswer> {
    const found = this.#find(request);
    if ('message' in found) return heartbeatRefused(found);
    const before = found.member;
    const owned = request.topicPartitions ? new Set(keysOf(request.topicPartitions)) : undefined;
    const updated = subscribed(before ?? newcomer(request), request, client);
    let next = withMember(this.#state, updated, found.replaced);
    const metadata = metadataOf(next.members, this.#edges.topics);
    const isNewEpoch = !before || !sameSubscription(before, updated) || metadata !== next.metadata;
    if (isNewEpoch) {
      const changed = { ...next, metadata, epoch: next.epoch + 1, emptySinceMs: null };
      next = withTargets(changed, this.#edges.topics);
    }
    const member = next.members.find(({ id }) => id === updated.id)!;
    const taken = new Set(
      next.members.flatMap(({ id, assigned, revoking }) => (id === member.id ? [] : [...assigned, ...revoking])),
    );
    const reconciled = reconcile(member, next.assignmentEpoch, owned, (key) => taken.has(key));
    if (found.replaced !== undefined) this.#forget(found.replaced);
    this.#restartSession(updated.id);
    if (isNewEpoch || found.replaced !== undefined || reconciled !== member) {
      await this.#change(withMember(next, reconciled));
    }
    const isNews = isFull(request) || !before || !sameKeys(before.assigned, reconciled.assigned);
    return {
      errorCode: errorCodes.NONE,
      errorMessage: null,
      memberId: reconciled.id,
      memberEpoch: reconciled.epoch,
      heartbeatIntervalMs: this.#edges.settings.consumerHeartbeatIntervalMs,
      assignment: isNews ? { topicPartitions: topicPartitionsOf(reconciled.assigned) } : null,
    };
  }

  /** A member goes: for good, or (static, epoch -2) for a moment, in which nobody gets what it had. */
  async leave(request: ConsumerHeartbeat): Promise<ConsumerHeartbeatAnswer> {
    const { memberId, memberEpoch, instanceId } = request;
    const holder = instanceId === null ? undefined : this.members.find((each) => each.instanceId === instanceId);
    if (holder && holder.id !== memberId) return heartbeatRefused(FENCED_INSTANCE);
    const member = holder ?? (instanceId === null ? this.members.find(({ id }) => id === memberId) : undefined);
    if (!member) return heartbeatRefused(this.#unknown(request));
    if (memberEpoch === STATIC_LEAVING) {
      const away = { epoch: STATIC_LEAVING, previousEpoch: STATIC_LEAVING, status: 'Stable', revoking: [] } as const;
      await this.#change(withMember(this.#state, { ...member, ...away }));
    } else await this.#remove(memberId);
    return {
      ...heartbeatRefused({ errorCode: errorCodes.NONE, message: '' }),
      errorMessage: null,
      memberId,
      memberEpoch,
    };
  }

  /** Whether a commit may be made by this member of this epoch; an error code. */
  checkCommit(memberId: string, instanceId: string | null, epoch: number, transactional: boolean): number {
    if (epoch < 0 && memberId === '' && (this.isIdle || transactional)) return errorCodes.NONE;
    const member = this.members.find(({ id }) => id === memberId);
    if (!member) return errorCodes.UNKNOWN_MEMBER_ID;
    if (instanceId !== null && member.instanceId !== instanceId) return errorCodes.FENCED_INSTANCE_ID;
    return epoch === member.epoch ? errorCodes.NONE : errorCodes.STALE_MEMBER_EPOCH;
  }

  /** Whether this member of this epoch may fetch offsets; anybody may who does not say that he is a member. */
  checkFetch(memberId: string | null, epoch: number): number {
    if ((memberId === null || memberId === '') && epoch < 0) return errorCodes.NONE;
    const member = this.members.find(({ id }) => id === memberId);
    if (!member) return errorCodes.UNKNOWN_MEMBER_ID;
    return epoch === member.epoch ? errorCodes.NONE : errorCodes.STALE_MEMBER_EPOCH;
  }

  /** Only heartbeats keep members of this protocol alive. */
  touch(): void {}

  /** Whether a member consumes `topic`. */
  subscribes(topic: string): boolean {
    return this.members.some((member) => subscribesTo(member, topic));
  }

  /** What members consume is known. */
  checkOffsetDelete(): number {
    return errorCodes.NONE;
  }

  /** From when on offsets age. */
  ageFrom(): 'commit' | number | undefined {
    return this.isIdle ? (this.#state.emptySinceMs ?? undefined) : 'commit';
  }

  /** The group was deleted. */
  kill(): void {
    this.#isDead = true;
    this.close();
  }

  /** Stops all timers. */
  close(): void {
    for (const timer of this.#sessions.values()) timer.cancel();
    for (const { timer } of this.#revocations.values()) timer.cancel();
    this.#sessions.clear();
    this.#revocations.clear();
  }

  /** The member a heartbeat is of; undefined for a new one; `replaced`: the member whose place it takes. */
  #find(request: ConsumerHeartbeat): { readonly member?: ConsumerMember; readonly replaced?: string } | Refusal {
    const { memberId, memberEpoch, instanceId } = request;
    const holder = instanceId === null ? undefined : this.members.find((each) => each.instanceId === instanceId);
    const member = this.members.find((each) => each.id === memberId);
    if (holder && holder.id !== memberId) {
      if (memberEpoch !== JOINING) return FENCED_INSTANCE;
      if (holder.epoch !== STATIC_LEAVING) return UNRELEASED_INSTANCE;
      const { epoch: _, ...place } = holder;
      return { member: { ...place, id: memberId, epoch: JOINING, previousEpoch: JOINING }, replaced: holder.id };
    }
    if (!member || (instanceId !== null && !holder)) {
      if (memberEpoch !== JOINING) return this.#unknown(request);
      if (member) return { errorCode: errorCodes.INVALID_REQUEST, message: 'A member cannot take on an instance id.' };
      if (this.members.length >= this.#edges.settings.maxMembers) {
        return {
          errorCode: errorCodes.GROUP_MAX_SIZE_REACHED,
          message: 'The consumer group has reached its maximum size.',
        };
      }
      return {};
    }
    return this.#checkEpoch(member, request) ?? { member };
  }

  #checkEpoch(member: ConsumerMember, { memberEpoch, topicPartitions }: ConsumerHeartbeat): Refusal | undefined {
    if (memberEpoch === JOINING || memberEpoch === member.epoch) return undefined;
    // The answer with the new epoch got lost; the member may go on if it owns nothing that it should not.
    const has = new Set(member.assigned);
    const ownsOnlyItsOwn = topicPartitions !== null && keysOf(topicPartitions).every((key) => has.has(key));
    if (memberEpoch === member.previousEpoch && ownsOnlyItsOwn) return undefined;
    const message = `The member epoch ${memberEpoch} is not ${member.epoch}. The member must abandon its partitions and rejoin.`;
    return { errorCode: errorCodes.FENCED_MEMBER_EPOCH, message };
  }

  #unknown({ groupId, memberId }: ConsumerHeartbeat): Refusal {
    return {
      errorCode: errorCodes.UNKNOWN_MEMBER_ID,
      message: `Member ${memberId} is not a member of group ${groupId}.`,
    };
  }

  async #remove(memberId: string): Promise<void> {
    this.#forget(memberId);
    const members = this.members.filter(({ id }) => id !== memberId);
    const emptySinceMs = members.length === 0 ? this.#edges.clock.now() : null;
    const { topics } = this.#edges;
    const metadata = metadataOf(members, topics);
    await this.#change(withTargets({ ...this.#state, members, metadata, emptySinceMs, epoch: this.epoch + 1 }, topics));
  }

  async #change(next: ConsumerGroupState): Promise<void> {
    this.#state = next;
    for (const member of next.members) this.#watchRevocation(member);
    await this.#edges.save(next);
  }

  #forget(memberId: string): void {
    this.#sessions.get(memberId)?.cancel();
    this.#sessions.delete(memberId);
    this.#revocations.get(memberId)?.timer.cancel();
    this.#revocations.delete(memberId);
  }

  #restartSession(memberId: string): void {
    const { clock, settings } = this.#edges;
    this.#sessions.get(memberId)?.cancel();
    this.#sessions.set(
      memberId,
      clock.after(settings.consumerSessionTimeoutMs, () => behind(() => this.#remove(memberId)), true),
    );
  }

  /** A member that does not give up its partitions in time is thrown out: others wait for them. */
  #watchRevocation(member: ConsumerMember): void {
    const { id, status, epoch, rebalanceTimeoutMs } = member;
    const watch = this.#revocations.get(id);
    if (status === 'Revoking' && watch?.epoch === epoch) return;
    watch?.timer.cancel();
    this.#revocations.delete(id);
    if (status !== 'Revoking') return;
    const timer = this.#edges.clock.after(rebalanceTimeoutMs, () => behind(() => this.#remove(id)), true);
    this.#revocations.set(id, { epoch, timer });
  }
}
