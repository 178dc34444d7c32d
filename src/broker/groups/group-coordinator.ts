import type { Clock, Timer } from '../../base/time.js';
import type { RequestOf } from '../../wire/api.js';
import type { joinGroupApi } from '../../wire/apis/11-join-group.js';
import type { leaveGroupApi } from '../../wire/apis/13-leave-group.js';
import { errorCodes } from '../../wire/error-codes.js';
import { behind } from '../behind.js';
import type { Journal } from '../journal.js';
import { joinError, syncError } from './classic-answers.js';
import { ClassicGroup } from './classic-group.js';
import { ConsumerGroup } from './consumer-group.js';
import {
  type ConsumerHeartbeat,
  type ConsumerHeartbeatAnswer,
  checkHeartbeat,
  heartbeatRefused,
  isGoodbye,
} from './consumer-request.js';
import { type ConsumerGroupState, consumerGroupEntry, JOINING } from './consumer-state.js';
import {
  type DescribedConsumerGroup,
  type DescribedGroup,
  describeConsumerGroup,
  described,
  unknownGroup,
} from './describe-group.js';
import { groupEntry, groupRemovedEntry } from './group-entries.js';
import { GroupOffsets } from './group-offsets.js';
import { GroupRoom, heartbeatBytes, joinBytes, syncBytes } from './group-room.js';
import { GroupStore } from './group-store.js';
import {
  CONSUMER_PROTOCOL_TYPE,
  DEFAULT_GROUP_SETTINGS,
  type GroupClient,
  type GroupSettings,
  type HeartbeatRequest,
  type JoinAnswer,
  type JoinRequest,
  type LeavingMember,
  type LeftMember,
  type StoredClassicGroup,
  type SyncAnswer,
  type SyncRequest,
} from './group-types.js';
import type { TopicDirectory } from './topic-directory.js';

/** What the group coordinator is made of. */
export interface GroupCoordinatorParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly topics: TopicDirectory;
  /** Text that nobody has used before, for member ids. */
  newId(): string;
  readonly settings?: Partial<GroupSettings>;
}

/** A group as ListGroups shows it. */
export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly groupState: string;
  readonly groupType: 'classic' | 'consumer';
}

/** Version of JoinGroup from which members without an id are given one first (KIP-394). */
const JOIN_KNOWN_ID = 4;
/** Version of JoinGroup from which `skipAssignment` exists (KIP-814). */
const JOIN_SKIP_ASSIGNMENT = 9;
/**
 * All groups of the broker. Members live in memory and are stored after each rebalance, so that they go on after a
 * restart as if nothing had happened; offsets are stored as they are committed.
 */
export class GroupCoordinator {
  readonly offsets: GroupOffsets;
  readonly #parts: GroupCoordinatorParts;
  readonly #settings: GroupSettings;
  readonly #store = new GroupStore();
  readonly #groups = new Map<string, ClassicGroup | ConsumerGroup>();
  readonly #room: GroupRoom;
  #expiry: Timer | undefined;

  /** Registers itself at the journal: make it before the journal is opened, then {@link start} it. */
  constructor(parts: GroupCoordinatorParts) {
    this.#parts = parts;
    this.#settings = { ...DEFAULT_GROUP_SETTINGS, ...parts.settings };
    parts.journal.register(this.#store);
    this.#room = new GroupRoom(this.#settings.maxMemberBytes, parts.clock, () => this.#groups.values());
    this.offsets = new GroupOffsets({
      clock: parts.clock,
      settings: this.#settings,
      journal: parts.journal,
      store: this.#store,
      topics: parts.topics,
      find: (groupId) => this.#find(groupId),
      findOrMake: (groupId) => this.#find(groupId) ?? (this.#isFull ? undefined : this.#makeClassic(groupId)),
      emptied: (groupId) => this.#drop(groupId),
    });
  }

  /** Takes up the stored groups: their members now have to show that they are alive. */
  start(): void {
    for (const groupId of this.#store.groupIds()) this.#find(groupId);
    this.#scheduleExpiry();
  }

  /** Stops all timers. */
  close(): void {
    this.#expiry?.cancel();
    for (const group of this.#groups.values()) group.close();
  }

  /** JoinGroup. */
  join(
    request: RequestOf<typeof joinGroupApi> | JoinRequest,
    client: GroupClient,
    version: number,
  ): JoinAnswer | Promise<JoinAnswer> {
    const { groupId, memberId, sessionTimeoutMs } = request;
    if (groupId === '') return joinError(errorCodes.INVALID_GROUP_ID, memberId);
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.#settings;
    if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs) {
      return joinError(errorCodes.INVALID_SESSION_TIMEOUT, memberId);
    }
    const present = this.#find(groupId);
    // A group changes its protocol when the last member that speaks the other one has gone.
    if (present?.type === 'consumer' && !present.isIdle) {
      return joinError(errorCodes.INCONSISTENT_GROUP_PROTOCOL, memberId);
    }
    const known = present?.type === 'consumer' ? undefined : present;
    if (!known && memberId !== '') return joinError(errorCodes.UNKNOWN_MEMBER_ID, memberId);
    if (!present && this.#isFull) return joinError(errorCodes.GROUP_MAX_SIZE_REACHED);
    if (!this.#room.take(joinBytes(request, client.clientId)))
      return joinError(errorCodes.GROUP_MAX_SIZE_REACHED, memberId);
    const group = known ?? this.#makeClassic(groupId);
    const answer = group.join(request, client, {
      needsKnownId: version >= JOIN_KNOWN_ID,
      canSkipAssignment: version >= JOIN_SKIP_ASSIGNMENT,
    });
    if (!present && group.isIdle) this.#drop(groupId);
    return answer;
  }

  /** SyncGroup. */
  sync(request: SyncRequest): SyncAnswer | Promise<SyncAnswer> {
    if (request.groupId === '') return syncError(errorCodes.INVALID_GROUP_ID);
    // What Apache Kafka answers for an assignment that it cannot store.
    if (!this.#room.take(syncBytes(request))) return syncError(errorCodes.UNKNOWN_SERVER_ERROR);
    return this.#classic(request.groupId)?.sync(request) ?? syncError(errorCodes.UNKNOWN_MEMBER_ID);
  }

  /** Heartbeat; an error code. */
  heartbeat(request: HeartbeatRequest): number {
    if (request.groupId === '') return errorCodes.INVALID_GROUP_ID;
    return this.#classic(request.groupId)?.heartbeat(request) ?? errorCodes.UNKNOWN_MEMBER_ID;
  }

  /** LeaveGroup; each member has its own error code, a missing group gives it to all of them. */
  leave(request: Pick<RequestOf<typeof leaveGroupApi>, 'groupId'> & { readonly members: readonly LeavingMember[] }): {
    readonly errorCode: number;
    readonly members: readonly LeftMember[];
  } {
    const { groupId, members } = request;
    if (groupId === '') return { errorCode: errorCodes.INVALID_GROUP_ID, members: [] };
    const group = this.#classic(groupId);
    if (group) return { errorCode: errorCodes.NONE, members: group.leave(members) };
    const errorCode = errorCodes.UNKNOWN_MEMBER_ID;
    return {
      errorCode: errorCodes.NONE,
      members: members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId, errorCode })),
    };
  }

  /** ConsumerGroupHeartbeat (KIP-848). */
  async consumerHeartbeat(
    request: ConsumerHeartbeat,
    client: Pick<GroupClient, 'clientId' | 'host'>,
    version: number,
  ): Promise<ConsumerHeartbeatAnswer> {
    const refusal = checkHeartbeat(request, version);
    if (refusal) return heartbeatRefused(refusal);
    const { groupId } = request;
    if (!isGoodbye(request) && !this.#room.take(heartbeatBytes(request, client.clientId))) {
      const message = 'The members of all groups bring too much.';
      return heartbeatRefused({ errorCode: errorCodes.GROUP_MAX_SIZE_REACHED, message });
    }
    const memberId = request.memberId === '' ? this.#parts.newId() : request.memberId;
    const present = this.#find(groupId);
    if (present?.type === 'consumer') return this.#consumerHeartbeat(present, { ...request, memberId }, client);
    if (request.memberEpoch !== JOINING || (present && !present.isIdle)) {
      const message = `Group ${groupId} is not a consumer group.`;
      return heartbeatRefused({ errorCode: errorCodes.GROUP_ID_NOT_FOUND, message });
    }
    if (!present && this.#isFull) {
      return heartbeatRefused({ errorCode: errorCodes.GROUP_MAX_SIZE_REACHED, message: 'There are too many groups.' });
    }
    return this.#consumerHeartbeat(this.#makeConsumer(groupId), { ...request, memberId }, client);
  }

  /** ConsumerGroupDescribe. */
  async describeConsumers(groupIds: readonly string[]): Promise<DescribedConsumerGroup[]> {
    await this.#parts.journal.settled();
    return groupIds.map((groupId) => {
      const group = this.#find(groupId);
      const consumers = group?.type === 'consumer' ? group : undefined;
      return describeConsumerGroup(groupId, consumers, this.#parts.topics);
    });
  }

  /** DescribeGroups; an unknown group is shown as dead, or from version 6 on as an error. */
  async describe(groupIds: readonly string[], version: number): Promise<DescribedGroup[]> {
    await this.#parts.journal.settled();
    return groupIds.map((groupId) => {
      const group = this.#classic(groupId);
      return group ? described(groupId, group) : unknownGroup(groupId, version);
    });
  }

  /** ListGroups; empty filters let everything through, letter case does not matter. */
  list(states: readonly string[], types: readonly string[]): ListedGroup[] {
    const wants = (filter: readonly string[], word: string): boolean =>
      filter.length === 0 || filter.some((each) => each.toLowerCase() === word.toLowerCase());
    const all = new Set([...this.#store.groupIds(), ...this.#groups.keys()]);
    const listed: ListedGroup[] = [];
    for (const groupId of all) {
      const group = this.#find(groupId)!;
      const { state: groupState, type: groupType } = group;
      if (!wants(states, groupState) || !wants(types, groupType)) continue;
      const protocolType = group.type === 'consumer' ? CONSUMER_PROTOCOL_TYPE : (group.protocolType ?? '');
      listed.push({ groupId, protocolType, groupState, groupType });
    }
    return listed;
  }

  /** DeleteGroups; only groups without members go. */
  async delete(groupIds: readonly string[]): Promise<{ readonly groupId: string; readonly errorCode: number }[]> {
    const results = groupIds.map((groupId) => ({ groupId, errorCode: this.#checkDelete(groupId) }));
    const gone = results.filter(({ errorCode }) => errorCode === errorCodes.NONE).map(({ groupId }) => groupId);
    for (const groupId of gone) this.#drop(groupId);
    if (gone.length > 0) await this.#parts.journal.append(...gone.map(groupRemovedEntry));
    return results;
  }

  get #isFull(): boolean {
    return this.#groups.size >= this.#settings.maxGroups;
  }

  #consumerHeartbeat(
    group: ConsumerGroup,
    request: ConsumerHeartbeat,
    client: Pick<GroupClient, 'clientId' | 'host'>,
  ): Promise<ConsumerHeartbeatAnswer> {
    return isGoodbye(request) ? group.leave(request) : group.heartbeat(request, client);
  }

  #checkDelete(groupId: string): number {
    // Old clients may have committed to the group without a name: that can be deleted too.
    const group = this.#find(groupId);
    if (!group) return errorCodes.GROUP_ID_NOT_FOUND;
    return group.state === 'Empty' ? errorCodes.NONE : errorCodes.NON_EMPTY_GROUP;
  }

  /** The group as it runs, or as it was stored; undefined when nothing is known of it. */
  #find(groupId: string): ClassicGroup | ConsumerGroup | undefined {
    const running = this.#groups.get(groupId);
    if (running) return running;
    if (this.#store.consumerGroup(groupId)) return this.#makeConsumer(groupId);
    return this.#store.has(groupId) ? this.#makeClassic(groupId) : undefined;
  }

  #classic(groupId: string): ClassicGroup | undefined {
    const group = this.#find(groupId);
    return group?.type === 'classic' ? group : undefined;
  }

  #makeClassic(groupId: string): ClassicGroup {
    const { clock, journal, newId } = this.#parts;
    const edges = {
      clock,
      settings: this.#settings,
      newMemberId: (prefix: string) => `${prefix}-${newId()}`,
      save: (group: StoredClassicGroup) => journal.append(groupEntry(groupId, group)),
    };
    const group = new ClassicGroup(edges, this.#store.group(groupId));
    this.#put(groupId, group);
    return group;
  }

  #makeConsumer(groupId: string): ConsumerGroup {
    const { clock, journal, topics } = this.#parts;
    const save = (state: ConsumerGroupState): Promise<void> => journal.append(consumerGroupEntry(groupId, state));
    const edges = { clock, settings: this.#settings, topics, save };
    const group = new ConsumerGroup(edges, this.#store.consumerGroup(groupId));
    this.#put(groupId, group);
    return group;
  }

  #put(groupId: string, group: ClassicGroup | ConsumerGroup): void {
    this.#groups.get(groupId)?.kill();
    this.#groups.set(groupId, group);
  }

  #drop(groupId: string): void {
    this.#groups.get(groupId)?.kill();
    this.#groups.delete(groupId);
  }

  #scheduleExpiry(): void {
    const check = async (): Promise<void> => {
      // Groups somebody asked to join and never did.
      for (const [groupId, group] of this.#groups) if (group.isIdle && !this.#store.has(groupId)) this.#drop(groupId);
      await this.offsets.expire().finally(() => this.#scheduleExpiry());
    };
    this.#expiry = this.#parts.clock.after(this.#settings.offsetCheckIntervalMs, () => behind(check), true);
  }
}
