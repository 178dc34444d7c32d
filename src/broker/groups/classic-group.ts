import { equalBytes } from '../../base/bytes.js';
import { errorCodes } from '../../wire/error-codes.js';
import { joinAnswer, joinError, syncAnswer, syncError } from './classic-answers.js';
import { protocolOf } from './classic-members.js';
import { type ClassicGroupEdges, ClassicRebalance } from './classic-rebalance.js';
import {
  type ClassicMember,
  CONSUMER_PROTOCOL_TYPE,
  type GroupClient,
  type GroupState,
  type HeartbeatRequest,
  type JoinAnswer,
  type JoinRequest,
  type LeavingMember,
  type LeftMember,
  NO_BYTES,
  type StoredClassicGroup,
  type SyncAnswer,
  type SyncRequest,
} from './group-types.js';
import { subscribedTopics } from './subscribed-topics.js';

/** What the version of a JoinGroup request implies. */
export interface JoinTraits {
  /** From version 4: a member without an id is first given one, and has to come back with it. */
  readonly needsKnownId: boolean;
  /** From version 9: a returning static leader can be told that the assignment stands. */
  readonly canSkipAssignment: boolean;
}

/**
 * One group of the classic protocol, as its members' requests see it: who may do what in which state. The rounds
 * themselves are in {@link ClassicRebalance}.
 * @see KIP-62 (rebalance timeout), KIP-345 (static members), KIP-394 (member id required), KIP-814 (skip assignment)
 */
export class ClassicGroup {
  readonly type = 'classic';
  readonly #edges: ClassicGroupEdges;
  readonly #round: ClassicRebalance;

  /** @param stored the group as a restart finds it. */
  constructor(edges: ClassicGroupEdges, stored?: StoredClassicGroup) {
    this.#edges = edges;
    this.#round = new ClassicRebalance(edges, stored);
  }

  get state(): GroupState {
    return this.#round.state;
  }
  get generation(): number {
    return this.#round.generation;
  }
  /** Undefined for a group that never had members. */
  get protocolType(): string | undefined {
    return this.#round.protocolType;
  }
  /** What this generation agreed on; null without members. */
  get protocol(): string | null {
    return this.#round.protocol;
  }
  /** When it came to have no members, milliseconds since the epoch; null while it has some. */
  get emptySinceMs(): number | null {
    return this.#round.emptySinceMs;
  }
  get members(): readonly ClassicMember[] {
    return this.#round.members.all();
  }
  /** Ids of members on their way into it. */
  get handedOut(): Iterable<string> {
    return this.#round.handedOut;
  }
  /** Nobody is in it or on the way into it. */
  get isIdle(): boolean {
    return this.#round.population === 0;
  }

  /** A member comes in, or comes back. */
  join(request: JoinRequest, client: GroupClient, traits: JoinTraits): JoinAnswer | Promise<JoinAnswer> {
    const round = this.#round;
    const { memberId } = request;
    if (round.state === 'Dead') return joinError(errorCodes.COORDINATOR_NOT_AVAILABLE, memberId);
    const isKnown = round.members.get(memberId) !== undefined || round.wasHandedOut(memberId);
    if (!isKnown && round.population >= this.#edges.settings.maxMembers) {
      return joinError(errorCodes.GROUP_MAX_SIZE_REACHED);
    }
    if (!round.members.canAgree(request, round.protocolType)) {
      return joinError(errorCodes.INCONSISTENT_GROUP_PROTOCOL, memberId);
    }
    if (memberId === '') return this.#joinUnknown(request, client, traits);
    if (round.wasHandedOut(memberId)) {
      // An id that was handed out belongs to a dynamic member.
      if (request.groupInstanceId !== null) return joinError(errorCodes.UNKNOWN_MEMBER_ID, memberId);
      return round.add(newMember(memberId, request, client), client, request.protocolType);
    }
    const error = this.#checkMember(memberId, request.groupInstanceId);
    if (error !== errorCodes.NONE) return joinError(error, memberId);
    return this.#rejoin(round.members.get(memberId)!, request, client);
  }

  /** A member asks for its part; the leader brings everybody's. */
  sync(request: SyncRequest): SyncAnswer | Promise<SyncAnswer> {
    const round = this.#round;
    if (round.state === 'Dead') return syncError(errorCodes.COORDINATOR_NOT_AVAILABLE);
    const error = this.#checkGeneration(request);
    if (error !== errorCodes.NONE) return syncError(error);
    if (differs(request.protocolType, round.protocolType) || differs(request.protocolName, round.protocol)) {
      return syncError(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
    }
    if (round.state === 'PreparingRebalance') return syncError(errorCodes.REBALANCE_IN_PROGRESS);
    const member = round.members.get(request.memberId)!;
    round.synced(member);
    if (round.state === 'Stable') {
      round.restartSession(member);
      return syncAnswer(round, member);
    }
    const answer = round.awaitAssignment(member);
    if (member.id === round.members.leader) void round.assign(request.assignments);
    return answer;
  }

  /** @returns an error code; REBALANCE_IN_PROGRESS asks the member to join again. */
  heartbeat(request: HeartbeatRequest): number {
    if (this.#round.state === 'Dead') return errorCodes.COORDINATOR_NOT_AVAILABLE;
    const error = this.#checkGeneration(request);
    if (error !== errorCodes.NONE) return error;
    this.#round.restartSession(this.#round.members.get(request.memberId)!);
    return this.#round.state === 'PreparingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : errorCodes.NONE;
  }

  /** Members go; the others rebalance once for all of them. */
  leave(leaving: readonly LeavingMember[]): LeftMember[] {
    const answers = leaving.map((each) => ({
      memberId: each.memberId,
      groupInstanceId: each.groupInstanceId,
      errorCode: this.#leaveOne(each),
    }));
    if (answers.some(({ errorCode }) => errorCode === errorCodes.NONE)) this.#round.afterRemoval();
    return answers;
  }

  /**
   * Whether a commit may be made by this member of this generation.
   * @param transactional commits inside a transaction are also taken while the group rebalances.
   * @returns an error code.
   */
  checkCommit(memberId: string, instanceId: string | null, generation: number, transactional: boolean): number {
    const { state } = this.#round;
    if (state === 'Dead') return errorCodes.COORDINATOR_NOT_AVAILABLE;
    // Without a generation: an administrator, or a consumer that assigns itself; fine while nobody is in the group.
    if (generation < 0 && state === 'Empty') return errorCodes.NONE;
    if (generation >= 0 || memberId !== '' || instanceId !== null) {
      const error = this.#checkMember(memberId, instanceId);
      if (error !== errorCodes.NONE) return error;
      if (generation !== this.#round.generation) return errorCodes.ILLEGAL_GENERATION;
    } else if (!transactional && state !== 'Empty') {
      return errorCodes.UNKNOWN_MEMBER_ID;
    }
    if (transactional) return errorCodes.NONE;
    return state === 'CompletingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : errorCodes.NONE;
  }

  /** Fetching offsets is free for everybody who finds the group. */
  checkFetch(): number {
    return errorCodes.NONE;
  }

  /** A commit shows that the member is alive. */
  touch(memberId: string): void {
    const member = this.#round.members.get(memberId);
    if (member && this.state !== 'CompletingRebalance') this.#round.restartSession(member);
  }

  /** Whether a member consumes `topic`; true as well when consumers bring bytes we cannot read. */
  subscribes(topic: string): boolean {
    if (this.protocolType !== CONSUMER_PROTOCOL_TYPE) return false;
    return this.members.some((member) => {
      const protocol = protocolOf(member, this.protocol);
      return protocol === undefined || (subscribedTopics(protocol.metadata)?.includes(topic) ?? true);
    });
  }

  /** Offsets may go while members are there only if these tell what they consume. */
  checkOffsetDelete(): number {
    const tellsTopics = this.state === 'Empty' || this.protocolType === CONSUMER_PROTOCOL_TYPE;
    return tellsTopics ? errorCodes.NONE : errorCodes.NON_EMPTY_GROUP;
  }

  /** From when on offsets age: each from its commit, all from the moment the group became empty, or not at all. */
  ageFrom(): 'commit' | number | undefined {
    if (this.protocolType === undefined) return 'commit';
    if (this.state === 'Empty') return this.emptySinceMs ?? undefined;
    return this.protocolType === CONSUMER_PROTOCOL_TYPE && this.state === 'Stable' ? 'commit' : undefined;
  }

  /** The group was deleted: whoever still waits for it is told to look for it again. */
  kill(): void {
    this.#round.kill();
  }

  /** Stops all timers. */
  close(): void {
    this.#round.close();
  }

  #joinUnknown(request: JoinRequest, client: GroupClient, traits: JoinTraits): JoinAnswer | Promise<JoinAnswer> {
    const instanceId = request.groupInstanceId;
    const memberId = this.#edges.newMemberId(instanceId ?? client.clientId);
    const oldId = instanceId === null ? undefined : this.#round.members.idOfInstance(instanceId);
    if (oldId !== undefined) return this.#replaceStatic(oldId, memberId, request, client, traits);
    if (instanceId === null && traits.needsKnownId) {
      this.#round.handOut(memberId, request.sessionTimeoutMs);
      return joinError(errorCodes.MEMBER_ID_REQUIRED, memberId);
    }
    return this.#round.add(newMember(memberId, request, client), client, request.protocolType);
  }

  #rejoin(member: ClassicMember, request: JoinRequest, client: GroupClient): JoinAnswer | Promise<JoinAnswer> {
    const { state } = this.#round;
    const leads = member.id === this.#round.members.leader;
    if (sameProtocols(member, request) && (state === 'CompletingRebalance' || (state === 'Stable' && !leads))) {
      // The answer was lost, or a follower asks again: this generation stands.
      return joinAnswer(this.#round, member);
    }
    member.protocols = owned(request.protocols);
    member.sessionTimeoutMs = request.sessionTimeoutMs;
    member.rebalanceTimeoutMs = rebalanceTimeout(request);
    return this.#round.comeBack(member, client);
  }

  async #replaceStatic(
    oldId: string,
    memberId: string,
    request: JoinRequest,
    client: GroupClient,
    traits: JoinTraits,
  ): Promise<JoinAnswer> {
    const round = this.#round;
    const old = round.members.get(oldId)!;
    const oldLeader = round.members.leader ?? '';
    const member = { ...newMember(memberId, request, client), assignment: old.assignment, isNew: old.isNew };
    round.replace(old, member);
    if (round.state !== 'Stable' || round.members.select() !== round.protocol) return round.comeBack(member, client);
    // Nothing changes for the others; but the new id has to be known after a restart.
    const answer = joinAnswer(round, member);
    await round.save();
    if (traits.canSkipAssignment) return { ...answer, skipAssignment: round.members.leader === memberId };
    // An older client that learned it leads would assign anew: it is told the id that led before.
    return { ...answer, leader: oldLeader, members: [] };
  }

  #leaveOne(leaving: LeavingMember): number {
    const round = this.#round;
    const { memberId, groupInstanceId } = leaving;
    if (round.state === 'Dead') return errorCodes.COORDINATOR_NOT_AVAILABLE;
    if (memberId === '') {
      const staticId = groupInstanceId === null ? undefined : round.members.idOfInstance(groupInstanceId);
      if (staticId === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
      round.remove(round.members.get(staticId)!);
      return errorCodes.NONE;
    }
    if (round.takeBack(memberId)) return errorCodes.NONE;
    const error = this.#checkMember(memberId, groupInstanceId);
    if (error === errorCodes.NONE) round.remove(round.members.get(memberId)!);
    return error;
  }

  #checkMember(memberId: string, instanceId: string | null): number {
    if (instanceId !== null) {
      const holder = this.#round.members.idOfInstance(instanceId);
      if (holder === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
      if (holder !== memberId) return errorCodes.FENCED_INSTANCE_ID;
    }
    return this.#round.members.get(memberId) ? errorCodes.NONE : errorCodes.UNKNOWN_MEMBER_ID;
  }

  #checkGeneration(request: HeartbeatRequest): number {
    const error = this.#checkMember(request.memberId, request.groupInstanceId);
    if (error !== errorCodes.NONE) return error;
    return request.generationId === this.#round.generation ? errorCodes.NONE : errorCodes.ILLEGAL_GENERATION;
  }
}

function newMember(id: string, request: JoinRequest, client: GroupClient): ClassicMember {
  return {
    id,
    instanceId: request.groupInstanceId,
    clientId: client.clientId,
    host: client.host,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: rebalanceTimeout(request),
    protocols: owned(request.protocols),
    assignment: NO_BYTES,
    isNew: true,
    join: undefined,
    sync: undefined,
    session: undefined,
  };
}

/** Version 0 has no rebalance timeout of its own. */
function rebalanceTimeout(request: JoinRequest): number {
  return request.rebalanceTimeoutMs < 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs;
}

/** Copies of the bytes: those of a request are views into its frame. */
function owned(protocols: JoinRequest['protocols']): JoinRequest['protocols'] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: metadata.slice() }));
}

function sameProtocols(member: ClassicMember, request: JoinRequest): boolean {
  return (
    member.protocols.length === request.protocols.length &&
    request.protocols.every(({ name, metadata }, index) => {
      const mine = protocolOf(member, name);
      return mine !== undefined && member.protocols[index]?.name === name && equalBytes(mine.metadata, metadata);
    })
  );
}

/** Older versions do not say; only what is said can differ. */
function differs(said: string | null, actual: string | null | undefined): boolean {
  return said !== null && said !== (actual ?? null);
}
