import type { TopicPartition } from './interfaces.js';
import { partitionName } from './topic-groups.js';

/** A member as the leader's assignor sees it. */
export interface AssignMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
}

/** How the partitions of a group are shared out. */
export type AssignorName = 'range' | 'cooperative-sticky' | 'places';

type Assignment = Map<string, TopicPartition[]>;

/**
 * Shares the partitions of all topics out among the members.
 * @param partitionCounts of each topic; topics that do not exist are left out.
 * @returns partitions by member id, an entry for every member.
 */
export function assignPartitions(
  name: AssignorName,
  members: readonly AssignMember[],
  partitionCounts: ReadonlyMap<string, number>,
): Assignment {
  const sorted = inPlaces(members);
  if (name === 'range') return assignRange(sorted, partitionCounts);
  if (name === 'places') return assignPlaces(sorted, partitionCounts);
  const owners = ownersOf(sorted, partitionCounts);
  return withoutMoving(assignSticky(sorted, partitionCounts, owners), owners);
}

/** Members in the order of their places: the same for every assignor, whoever leads. */
export function inPlaces<M extends Pick<AssignMember, 'instanceId' | 'memberId'>>(members: readonly M[]): readonly M[] {
  return members.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** Static members keep their place over restarts, in which they get new member ids. */
function sortKey({ instanceId, memberId }: Pick<AssignMember, 'instanceId' | 'memberId'>): string {
  return instanceId === null ? `~${memberId}` : instanceId;
}

function emptyFor(members: readonly AssignMember[]): Assignment {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}

/** Per topic, each member in turn gets the next piece of the partitions; the first ones get one more. */
function assignRange(members: readonly AssignMember[], counts: ReadonlyMap<string, number>): Assignment {
  const assignment = emptyFor(members);
  for (const [topic, count] of counts) {
    const takers = members.filter((member) => member.topics.includes(topic));
    let next = 0;
    takers.forEach((member, index) => {
      const share = Math.floor(count / takers.length) + (index < count % takers.length ? 1 : 0);
      for (let end = next + share; next < end; next++)
        assignment.get(member.memberId)!.push({ topic, partition: next });
    });
  }
  return assignment;
}

/** Who has each partition now; where two claim it, the one of the newer generation has it. */
function ownersOf(members: readonly AssignMember[], counts: ReadonlyMap<string, number>): Map<string, AssignMember> {
  const owners = new Map<string, AssignMember>();
  for (const member of members) {
    for (const owned of member.owned) {
      if (owned.partition >= (counts.get(owned.topic) ?? 0) || !member.topics.includes(owned.topic)) continue;
      const rival = owners.get(partitionName(owned));
      if (!rival || rival.generation < member.generation) owners.set(partitionName(owned), member);
    }
  }
  return owners;
}

function allPartitions(members: readonly AssignMember[], counts: ReadonlyMap<string, number>): TopicPartition[] {
  const wanted = new Set(members.flatMap(({ topics }) => topics));
  const all: TopicPartition[] = [];
  for (const [topic, count] of counts) {
    if (!wanted.has(topic)) continue;
    for (let partition = 0; partition < count; partition++) all.push({ topic, partition });
  }
  return all;
}

/** Partition n of every topic goes to the member of place n, counted round. */
function assignPlaces(members: readonly AssignMember[], counts: ReadonlyMap<string, number>): Assignment {
  const assignment = emptyFor(members);
  for (const partition of allPartitions(members, counts)) {
    const takers = members.filter(({ topics }) => topics.includes(partition.topic));
    assignment.get(takers[partition.partition % takers.length]!.memberId)!.push(partition);
  }
  return assignment;
}

/** As even as it goes, with as few partitions moved as possible. */
function assignSticky(
  members: readonly AssignMember[],
  counts: ReadonlyMap<string, number>,
  owners: ReadonlyMap<string, AssignMember>,
): Assignment {
  const assignment = emptyFor(members);
  const load = (member: AssignMember): number => assignment.get(member.memberId)!.length;
  const free: TopicPartition[] = [];
  for (const partition of allPartitions(members, counts)) {
    const owner = owners.get(partitionName(partition));
    if (owner) assignment.get(owner.memberId)!.push(partition);
    else free.push(partition);
  }
  for (const partition of free) {
    const takers = members.filter((member) => member.topics.includes(partition.topic));
    const least = takers.reduce((best, member) => (load(member) < load(best) ? member : best));
    assignment.get(least.memberId)!.push(partition);
  }
  while (moveOne(members, assignment, load)) {
    // Each move makes the loads more even, so this ends.
  }
  return assignment;
}

/** Moves one partition from a member to one that has at least two fewer; false when there is no such pair. */
function moveOne(
  members: readonly AssignMember[],
  assignment: Assignment,
  load: (member: AssignMember) => number,
): boolean {
  const byLoad = members.toSorted((a, b) => load(b) - load(a));
  for (const giver of byLoad) {
    for (const taker of byLoad.toReversed()) {
      if (load(giver) < load(taker) + 2) break;
      const given = assignment.get(giver.memberId)!;
      const index = given.findLastIndex(({ topic }) => taker.topics.includes(topic));
      if (index < 0) continue;
      assignment.get(taker.memberId)!.push(...given.splice(index, 1));
      return true;
    }
  }
  return false;
}

/** A partition that changes hands is first given up by its owner; it is given to its new one in the round after. */
function withoutMoving(wanted: Assignment, owners: ReadonlyMap<string, AssignMember>): Assignment {
  return new Map(
    [...wanted].map(([memberId, partitions]) => [
      memberId,
      partitions.filter((partition) => {
        const owner = owners.get(partitionName(partition));
        return owner === undefined || owner.memberId === memberId;
      }),
    ]),
  );
}
