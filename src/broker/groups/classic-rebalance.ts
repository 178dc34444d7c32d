import { assert } from '../../base/assert.js';
import { StreamctlError } from '../../base/errors.js';
import type { Clock, Timer } from '../../base/time.js';
import { errorCodes } from '../../wire/error-codes.js';
import { behind } from '../behind.js';
import { joinAnswer, joinError, syncAnswer, syncError } from './classic-answers.js';
import { ClassicMembers } from './classic-members.js';
import {
  type ClassicMember,
  type GroupClient,
  type GroupSettings,
  type GroupState,
  type JoinAnswer,
  NO_BYTES,
  type StoredClassicGroup,
  type SyncAnswer,
  type SyncRequest,
} from './group-types.js';
import { waiting } from './waiting.js';

/** What a group needs of its surroundings. */
export interface ClassicGroupEdges {
  readonly clock: Clock;
  readonly settings: GroupSettings;
  /** A member id that nobody has: `prefix` and something random. */
  newMemberId(prefix: string): string;
  /** Stores the group; resolves when that is durable. */
  save(group: StoredClassicGroup): Promise<void>;
}

/**
 * The rounds of one classic group: members come together, one of them assigns, all receive their part; any change
 * starts the next round. Holds the requests that wait and the timers that end the waiting.
 *
 * Empty -> PreparingRebalance (members join) -> CompletingRebalance (the leader assigns) -> Stable
 */
export class ClassicRebalance {
  readonly members = new ClassicMembers();
  readonly #edges: ClassicGroupEdges;
  /** Ids that were handed out (KIP-394) and whose owners have not come back yet; a round waits for them. */
  readonly #handedOut = new Map<string, Timer>();
  /** Members of this generation that have not sent SyncGroup yet. */
  readonly #toSync = new Set<string>();
  #state: GroupState = 'Empty';
  #protocolType: string | undefined;
  #protocol: string | null = null;
  #generation = 0;
  #emptySinceMs: number | null;
  /** Ends the wait for members to join, or for members to sync. */
  #deadline: Timer | undefined;
  /** While the first round of an empty group is held open: for how much longer it may be; else undefined. */
  #holdOpenMs: number | undefined;
  #grewWhileHeldOpen = false;

  constructor(edges: ClassicGroupEdges, stored?: StoredClassicGroup) {
    this.#edges = edges;
    this.#emptySinceMs = stored ? stored.emptySinceMs : edges.clock.now();
    if (stored) this.#restore(stored);
  }

  get state(): GroupState {
    return this.#state;
  }
  get generation(): number {
    return this.#generation;
  }
  /** Undefined for a group that never had members. */
  get protocolType(): string | undefined {
    return this.#protocolType;
  }
  /** What this generation agreed on; null without members. */
  get protocol(): string | null {
    return this.#protocol;
  }
  /** When the group came to have no members; null while it has some. */
  get emptySinceMs(): number | null {
    return this.#emptySinceMs;
  }
  /** Members, and those on their way. */
  get population(): number {
    return this.members.size + this.#handedOut.size;
  }

  /** Ids whose owners have not come back yet. */
  get handedOut(): Iterable<string> {
    return this.#handedOut.keys();
  }

  /** Takes a new member in and waits with it for the round to end. */
  add(member: ClassicMember, client: GroupClient, protocolType: string): Promise<JoinAnswer> {
    this.takeBack(member.id);
    if (this.members.size === 0) this.#protocolType = protocolType;
    this.members.add(member);
    this.#emptySinceMs = null;
    this.#grewWhileHeldOpen = true;
    // It cannot send heartbeats before it has its answer; but a client that is gone must not stay for ever.
    this.restartSession(member, this.#edges.settings.newMemberTimeoutMs);
    return this.comeBack(member, client);
  }

  /** A member takes part in the next round, which begins now if none is under way. */
  comeBack(member: ClassicMember, client: GroupClient): Promise<JoinAnswer> {
    const answer = this.#park(member, client);
    if (this.#state === 'PreparingRebalance') this.#completeIfAllJoined();
    else this.#begin();
    return answer;
  }

  /** Another client stands in for a static member: same instance id, same place, new member id. */
  replace(old: ClassicMember, next: ClassicMember): void {
    old.session?.cancel();
    this.answerJoin(old, joinError(errorCodes.FENCED_INSTANCE_ID, old.id));
    this.answerSync(old, syncError(errorCodes.FENCED_INSTANCE_ID));
    this.members.replace(old.id, next);
    if (this.#toSync.delete(old.id)) this.#toSync.add(next.id);
    this.restartSession(next);
  }

  /** Remembers an id that was handed out, for as long as the member's session would last. */
  handOut(memberId: string, sessionTimeoutMs: number): void {
    const forget = (): void => {
      this.#handedOut.delete(memberId);
      this.#completeIfAllJoined();
    };
    this.#handedOut.set(memberId, this.#edges.clock.after(sessionTimeoutMs, forget, true));
  }

  wasHandedOut(memberId: string): boolean {
    return this.#handedOut.has(memberId);
  }

  /** Forgets an id that was handed out; false when it was not. */
  takeBack(memberId: string): boolean {
    this.#handedOut.get(memberId)?.cancel();
    return this.#handedOut.delete(memberId);
  }

  /** A member is gone; {@link afterRemoval} has to follow. */
  remove(member: ClassicMember): void {
    member.session?.cancel();
    // A client that is still there learns by this code that it has to start over.
    this.answerJoin(member, joinError(errorCodes.UNKNOWN_MEMBER_ID));
    this.answerSync(member, syncError(errorCodes.UNKNOWN_MEMBER_ID));
    this.members.remove(member.id);
    this.#toSync.delete(member.id);
  }

  /** The others go on without those that were removed. */
  afterRemoval(): void {
    if (this.#state === 'Stable' || this.#state === 'CompletingRebalance') this.#begin();
    else this.#completeIfAllJoined();
  }

  /** A member's SyncGroup arrived: it has shown that it knows the generation. */
  synced(member: ClassicMember): void {
    this.#toSync.delete(member.id);
    if (this.#toSync.size === 0 && this.#state !== 'PreparingRebalance') this.#deadline?.cancel();
  }

  /** Waits for the leader's assignment. */
  awaitAssignment(member: ClassicMember): Promise<SyncAnswer> {
    this.answerSync(member, syncError(errorCodes.REBALANCE_IN_PROGRESS));
    const sync = waiting<SyncAnswer>();
    member.sync = sync;
    return sync.answer;
  }

  /**
   * The leader's assignment: stored first, then given to all; void if the next round began meanwhile. Where it cannot be
   * stored everybody who waits for it is told so, and the next round begins.
   */
  async assign(assignments: SyncRequest['assignments']): Promise<void> {
    const generation = this.#generation;
    const parts = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]));
    // The request's bytes are a view into its frame, which does not live as long as the assignment.
    const assigned = (member: ClassicMember): Uint8Array => (parts.get(member.id) ?? NO_BYTES).slice();
    const failure = await this.#saveError(assigned);
    if (this.#state !== 'CompletingRebalance' || this.#generation !== generation) return;
    if (failure !== errorCodes.NONE) {
      for (const member of this.members.all()) {
        if (member.sync) this.restartSession(member);
        this.answerSync(member, syncError(failure));
      }
      this.#begin();
      return;
    }
    this.#state = 'Stable';
    for (const member of this.members.all()) {
      member.assignment = assigned(member);
      if (member.sync) this.restartSession(member);
      this.answerSync(member, syncAnswer(this, member));
    }
  }

  /** (Re)starts the time after which a silent member is dead. */
  restartSession(member: ClassicMember, timeoutMs = member.sessionTimeoutMs): void {
    member.session?.cancel();
    member.session = this.#edges.clock.after(timeoutMs, () => this.#sessionOver(member), true);
  }

  answerJoin(member: ClassicMember, answer: JoinAnswer): void {
    member.join?.resolve(answer);
    member.join = undefined;
  }

  answerSync(member: ClassicMember, answer: SyncAnswer): void {
    member.sync?.resolve(answer);
    member.sync = undefined;
  }

  /** What a restart has to know of this generation. */
  stored(assigned = (member: ClassicMember): Uint8Array => member.assignment): StoredClassicGroup {
    return {
      protocolType: this.#protocolType ?? '',
      generation: this.#generation,
      protocol: this.#protocol,
      leader: this.members.leader ?? null,
      emptySinceMs: this.#emptySinceMs,
      members: this.members.all().map((member) => ({
        id: member.id,
        instanceId: member.instanceId,
        clientId: member.clientId,
        host: member.host,
        sessionTimeoutMs: member.sessionTimeoutMs,
        rebalanceTimeoutMs: member.rebalanceTimeoutMs,
        protocols: member.protocols,
        assignment: assigned(member),
      })),
    };
  }

  /** Stores the group as it stands. */
  save(): Promise<void> {
    return this.#edges.save(this.stored());
  }

  /** The group was deleted: whoever still waits is told to look for it again. */
  kill(): void {
    this.#state = 'Dead';
    this.close();
    for (const member of this.members.all()) {
      this.answerJoin(member, joinError(errorCodes.COORDINATOR_NOT_AVAILABLE, member.id));
      this.answerSync(member, syncError(errorCodes.COORDINATOR_NOT_AVAILABLE));
    }
  }

  /** Stops all timers. */
  close(): void {
    this.#deadline?.cancel();
    for (const timer of this.#handedOut.values()) timer.cancel();
    for (const member of this.members.all()) member.session?.cancel();
  }

  /** Stores an assignment; what those who wait for it are told, where it cannot be. */
  async #saveError(assigned: (member: ClassicMember) => Uint8Array): Promise<number> {
    try {
      await this.#edges.save(this.stored(assigned));
      return errorCodes.NONE;
    } catch (error) {
      if (!(error instanceof StreamctlError)) throw error;
      const isTooLarge = error.code === 'limit-exceeded';
      return isTooLarge ? errorCodes.UNKNOWN_SERVER_ERROR : errorCodes.COORDINATOR_NOT_AVAILABLE;
    }
  }

  #restore(stored: StoredClassicGroup): void {
    this.#protocolType = stored.protocolType === '' ? undefined : stored.protocolType;
    this.#generation = stored.generation;
    this.#protocol = stored.protocol;
    for (const each of stored.members) {
      const member = { ...each, isNew: false, join: undefined, sync: undefined, session: undefined };
      this.members.add(member);
      // It has its session timeout to show that it lived through the restart.
      this.restartSession(member);
    }
    this.members.restoreLeader(stored.leader);
    if (this.members.size > 0) this.#state = 'Stable';
  }

  /** Holds a join back until the round ends, or until its connection does. */
  #park(member: ClassicMember, client: GroupClient): Promise<JoinAnswer> {
    // In place of a request whose client gave up waiting: nobody reads the earlier answer.
    this.answerJoin(member, joinError(errorCodes.REBALANCE_IN_PROGRESS, member.id));
    const join = waiting<JoinAnswer>();
    const parked = {
      resolve(answer: JoinAnswer): void {
        stopWatching();
        join.resolve(answer);
      },
    };
    const stopWatching = client.onClose(() => {
      if (member.join !== parked) return;
      // Gone without a word: it may come back under its id within its session timeout.
      member.join = undefined;
      this.restartSession(member);
    });
    member.join = parked;
    return join.answer;
  }

  #begin(): void {
    const isFirst = this.#state === 'Empty';
    if (this.#state === 'CompletingRebalance') {
      for (const member of this.members.all()) {
        member.assignment = NO_BYTES;
        // Its session was not counted while it waited; from here on it is again.
        if (member.sync) this.restartSession(member);
        this.answerSync(member, syncError(errorCodes.REBALANCE_IN_PROGRESS));
      }
    }
    this.#toSync.clear();
    this.#deadline?.cancel();
    this.#state = 'PreparingRebalance';
    const delayMs = isFirst ? this.#edges.settings.initialRebalanceDelayMs : 0;
    if (delayMs > 0) {
      this.#grewWhileHeldOpen = false;
      this.#holdOpen(delayMs, Math.max(0, this.members.rebalanceTimeoutMs() - delayMs));
    } else if (isFirst) this.#complete();
    else {
      this.#deadline = this.#edges.clock.after(this.members.rebalanceTimeoutMs(), () => this.#complete(), true);
      this.#completeIfAllJoined();
    }
  }

  /** The first round waits a little, and a little more each time somebody comes, so that a start is one round. */
  #holdOpen(delayMs: number, remainingMs: number): void {
    this.#holdOpenMs = remainingMs;
    const over = (): void => {
      const extend = this.#grewWhileHeldOpen && remainingMs > 0;
      this.#grewWhileHeldOpen = false;
      if (extend) this.#holdOpen(Math.min(delayMs, remainingMs), Math.max(0, remainingMs - delayMs));
      else this.#complete();
    };
    this.#deadline = this.#edges.clock.after(delayMs, over, true);
  }

  #completeIfAllJoined(): void {
    if (this.#state !== 'PreparingRebalance' || this.#holdOpenMs !== undefined || this.#handedOut.size > 0) return;
    if (this.members.all().every((member) => member.join)) this.#complete();
  }

  /** Everybody is here, or the time is over: those who are here are the next generation. */
  #complete(): void {
    this.#deadline?.cancel();
    this.#holdOpenMs = undefined;
    for (const member of this.members.all()) {
      // A static member stays until its session is over, so that a restart of its client changes nothing.
      if (!member.join && member.instanceId === null) this.remove(member);
    }
    if (this.members.size > 0 && !this.members.electJoined()) {
      this.#deadline = this.#edges.clock.after(this.members.rebalanceTimeoutMs(), () => this.#complete(), true);
      return;
    }
    this.#generation += 1;
    if (this.members.size === 0) {
      this.#state = 'Empty';
      this.#protocol = null;
      this.#emptySinceMs = this.#edges.clock.now();
      behind(() => this.save());
      return;
    }
    this.#protocol = this.members.select();
    this.#state = 'CompletingRebalance';
    for (const member of this.members.all()) {
      this.#toSync.add(member.id);
      if (!member.join) continue;
      this.answerJoin(member, joinAnswer(this, member));
      this.restartSession(member);
      member.isNew = false;
    }
    this.#deadline = this.#edges.clock.after(this.members.rebalanceTimeoutMs(), () => this.#syncOver(), true);
  }

  /** Members that joined but never asked for their part hold up a place in every assignment: they go. */
  #syncOver(): void {
    assert(this.#state !== 'PreparingRebalance', 'the wait for SyncGroup ends with its round');
    if (this.#toSync.size === 0) return;
    for (const memberId of [...this.#toSync]) {
      const member = this.members.get(memberId);
      if (member) this.remove(member);
    }
    this.#begin();
  }

  #sessionOver(member: ClassicMember): void {
    // Whoever waits for an answer of ours cannot send heartbeats; its session restarts with the answer.
    if (member.sync || (member.join && !member.isNew)) return;
    this.remove(member);
    this.afterRemoval();
  }
}
