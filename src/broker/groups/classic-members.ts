import { assert } from '../../base/assert.js';
import type { ClassicMember, GroupProtocol, JoinRequest } from './group-types.js';

/**
 * The members of one classic group, who leads them, and what they can agree on. Knows nothing of time or of requests
 * that wait.
 */
export class ClassicMembers {
  readonly #byId = new Map<string, ClassicMember>();
  readonly #idByInstance = new Map<string, string>();
  #leader: string | undefined;

  get size(): number {
    return this.#byId.size;
  }

  /** Id of the member that assigns partitions; undefined while there are no members. */
  get leader(): string | undefined {
    return this.#leader;
  }

  get(memberId: string): ClassicMember | undefined {
    return this.#byId.get(memberId);
  }

  all(): ClassicMember[] {
    return [...this.#byId.values()];
  }

  /** The member that holds an instance id, by KIP-345. */
  idOfInstance(instanceId: string): string | undefined {
    return this.#idByInstance.get(instanceId);
  }

  /** Adds a member; the first one leads. */
  add(member: ClassicMember): void {
    assert(!this.#byId.has(member.id), `member ${member.id} is new`);
    this.#byId.set(member.id, member);
    if (member.instanceId !== null) this.#idByInstance.set(member.instanceId, member.id);
    this.#leader ??= member.id;
  }

  /** Removes a member; the longest one there leads if it was the leader. */
  remove(memberId: string): ClassicMember | undefined {
    const member = this.#byId.get(memberId);
    if (!member) return undefined;
    this.#byId.delete(memberId);
    if (member.instanceId !== null && this.#idByInstance.get(member.instanceId) === memberId) {
      this.#idByInstance.delete(member.instanceId);
    }
    if (this.#leader === memberId) this.#leader = this.#byId.keys().next().value;
    return member;
  }

  /** Puts `next` in the place of the member that held its instance id: same rank, and the lead if that had it. */
  replace(oldId: string, next: ClassicMember): void {
    const members = this.all().map((member) => (member.id === oldId ? next : member));
    const leads = this.#leader === oldId;
    this.#byId.clear();
    for (const member of members) this.#byId.set(member.id, member);
    if (next.instanceId !== null) this.#idByInstance.set(next.instanceId, next.id);
    if (leads) this.#leader = next.id;
  }

  /** Makes the stored leader lead again after a restart. */
  restoreLeader(memberId: string | null): void {
    if (memberId !== null && this.#byId.has(memberId)) this.#leader = memberId;
  }

  /**
   * Sees to it that the leader is somebody who takes part in this rebalance.
   * @returns false when nobody does.
   */
  electJoined(): boolean {
    if (this.#leader !== undefined && this.#byId.get(this.#leader)?.join) return true;
    const joined = this.all().find((member) => member.join);
    if (joined) this.#leader = joined.id;
    return joined !== undefined;
  }

  /** Longest time any member asks for to come back into a rebalance. */
  rebalanceTimeoutMs(): number {
    return this.all().reduce((longest, member) => Math.max(longest, member.rebalanceTimeoutMs), 0);
  }

  /** Whether a joining member has a protocol in common with all others (its own former self not counted). */
  canAgree(request: JoinRequest, protocolType: string | undefined): boolean {
    if (request.protocolType === '' || request.protocols.length === 0) return false;
    if (this.size === 0) return true;
    if (protocolType !== undefined && request.protocolType !== protocolType) return false;
    const others = this.all().filter((member) => member.id !== request.memberId);
    if (others.length === 0) return true;
    const shared = sharedProtocols(others);
    return request.protocols.some(({ name }) => shared.has(name));
  }

  /** The protocol most members prefer among those that everybody has; ties go to the earlier vote. */
  select(): string {
    const members = this.all();
    const votes = new Map<string, number>();
    const shared = sharedProtocols(members);
    for (const member of members) {
      const vote = member.protocols.find(({ name }) => shared.has(name));
      assert(vote, 'joining members were checked to have a protocol in common');
      votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
    }
    let best = '';
    for (const [name, count] of votes) if (best === '' || count > votes.get(best)!) best = name;
    return best;
  }
}

/** Names of the protocols that all members bring; none without members. Each is looked at once: a member may bring very many. */
function sharedProtocols([first, ...others]: readonly ClassicMember[]): ReadonlySet<string> {
  let shared = new Set(first?.protocols.map(({ name }) => name));
  for (const { protocols } of others) {
    const both = protocols.filter(({ name }) => shared.has(name));
    shared = new Set(both.map(({ name }) => name));
  }
  return shared;
}

/** What `member` brings along for a protocol. */
export function protocolOf(member: ClassicMember, name: string | null): GroupProtocol | undefined {
  return member.protocols.find((protocol) => protocol.name === name);
}
