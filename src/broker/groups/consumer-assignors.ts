import type { PartitionKey } from './consumer-state.js';

/** A member as assignors see it. */
export interface AssignedMember {
  readonly id: string;
  readonly instanceId: string | null;
  /** Ids of the topics it subscribes to. */
  readonly topicIds: ReadonlySet<string>;
  /** What it was to have before. */
  readonly target: readonly PartitionKey[];
}

/** A topic that somebody subscribes to. */
export interface AssignedTopic {
  readonly id: string;
  readonly partitions: number;
}

/** Gives each member its target; members that get nothing are in it too. */
export type Assignor = (
  members: readonly AssignedMember[],
  topics: readonly AssignedTopic[],
) => ReadonlyMap<string, readonly PartitionKey[]>;

/**
 * Ranges of each topic's partitions, so that partitions of the same number in different topics go to the same member.
 * Members are put in order by instance id where they have one, so that a restarted client gets the same range.
 */
export const rangeAssignor: Assignor = (members, topics) => {
  const order = [...members].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const result = new Map<string, PartitionKey[]>(members.map(({ id }) => [id, []]));
  for (const topic of topics) {
    const takers = order.filter(({ topicIds }) => topicIds.has(topic.id));
    const each = Math.floor(topic.partitions / takers.length);
    const extra = topic.partitions % takers.length;
    let next = 0;
    takers.forEach(({ id }, position) => {
      const end = next + each + (position < extra ? 1 : 0);
      for (; next < end; next++) result.get(id)!.push(`${topic.id}:${next}`);
    });
  }
  return result;
};

/**
 * Numbers of partitions that differ by one at most as far as subscriptions allow, and as little movement as possible:
 * members keep what they have, what is left goes to whoever has least, then single partitions move from the fullest to
 * the emptiest.
 */
export const uniformAssignor: Assignor = (members, topics) => {
  const order = [...members].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const loads = new Map(order.map((member) => [member.id, { member, keys: keepable(member, topics) }]));
  const taken = new Set<PartitionKey>();
  for (const load of loads.values()) {
    // After a client stood in for another one two may claim the same partition: the first keeps it.
    load.keys = load.keys.filter((key) => !taken.has(key) && taken.add(key));
  }
  for (const topic of topics) {
    const takers = [...loads.values()].filter(({ member }) => member.topicIds.has(topic.id));
    for (let index = 0; index < topic.partitions && takers.length > 0; index++) {
      const key = `${topic.id}:${index}`;
      if (taken.has(key)) continue;
      takers.reduce((least, each) => (each.keys.length < least.keys.length ? each : least)).keys.push(key);
    }
  }
  level([...loads.values()]);
  return new Map([...loads].map(([id, { keys }]) => [id, keys]));
};

/** The assignors by the name clients ask for them; the first is the default. */
export const ASSIGNORS: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', uniformAssignor],
  ['range', rangeAssignor],
]);

interface Load {
  readonly member: AssignedMember;
  keys: PartitionKey[];
}

/** Moves partitions from fuller to emptier members until no single move makes it more even. */
function level(loads: Load[]): void {
  for (let isEven = false; !isEven; ) {
    isEven = true;
    for (const to of [...loads].sort((a, b) => a.keys.length - b.keys.length)) {
      const from = loads.reduce<Load | undefined>((fullest, each) => {
        if (each.keys.length < to.keys.length + 2 || !movable(each, to)) return fullest;
        return fullest && fullest.keys.length >= each.keys.length ? fullest : each;
      }, undefined);
      if (!from) continue;
      const key = movable(from, to)!;
      from.keys = from.keys.filter((each) => each !== key);
      to.keys.push(key);
      isEven = false;
      break;
    }
  }
}

/** The last partition of `from` that `to` subscribes to. */
function movable(from: Load, to: Load): PartitionKey | undefined {
  return from.keys.findLast((key) => to.member.topicIds.has(key.slice(0, key.lastIndexOf(':'))));
}

function keepable(member: AssignedMember, topics: readonly AssignedTopic[]): PartitionKey[] {
  const counts = new Map(topics.map(({ id, partitions }) => [id, partitions]));
  return member.target.filter((key) => {
    const colon = key.lastIndexOf(':');
    const topicId = key.slice(0, colon);
    return member.topicIds.has(topicId) && Number(key.slice(colon + 1)) < (counts.get(topicId) ?? 0);
  });
}

function rank({ id, instanceId }: AssignedMember): string {
  return instanceId === null ? `1${id}` : `0${instanceId}`;
}
