import { utf8 } from '../../../src/base/bytes.js';
import { GroupCoordinator } from '../../../src/broker/groups/group-coordinator.js';

import type { GroupClient, GroupSettings, JoinAnswer, JoinRequest } from '../../../src/broker/groups/group-types.js';
import type { TopicDirectory } from '../../../src/broker/groups/topic-directory.js';
import type { RequestOf } from '../../../src/wire/api.js';
import type { offsetCommitApi } from '../../../src/wire/apis/08-offset-commit.js';
import { MemoryJournal } from '../../support/memory-journal.js';
import { SimClock } from '../../support/sim-clock.js';

/** 22 characters that look like an id. */
export function idOf(name: string): string {
  return `${name}${'A'.repeat(22)}`.slice(0, 21) + 'A';
}

/** Topics of a broker as offsets see them; each with `partitions` partitions. */
export class TestTopics implements TopicDirectory {
  readonly #topics = new Map<string, { name: string; id: string; partitions: { length: number } }>();

  constructor(topics: Readonly<Record<string, number>>) {
    for (const [name, count] of Object.entries(topics)) this.set(name, count);
  }

  set(name: string, count: number): void {
    this.#topics.set(name, { name, id: idOf(name), partitions: { length: count } });
  }

  delete(name: string): void {
    this.#topics.delete(name);
  }

  byName(name: string) {
    return this.#topics.get(name);
  }

  list() {
    return [...this.#topics.values()];
  }

  byId(id: string) {
    return [...this.#topics.values()].find((topic) => topic.id === id);
  }
}

/** Connection of a test client that can be cut. */
export class TestClient implements GroupClient {
  readonly clientId: string;
  readonly host = '/127.0.0.1';
  readonly #onClose = new Set<() => void>();

  constructor(clientId = 'client') {
    this.clientId = clientId;
  }

  onClose(action: () => void): () => void {
    this.#onClose.add(action);
    return () => this.#onClose.delete(action);
  }

  cut(): void {
    for (const action of [...this.#onClose]) action();
    this.#onClose.clear();
  }
}

/** A coordinator over simulated time and a journal in memory, that can be restarted. */
export class GroupWorld {
  readonly clock = new SimClock();
  readonly topics = new TestTopics({ orders: 4, clicks: 2 });
  readonly settings: Partial<GroupSettings>;
  journal = new MemoryJournal();
  groups: GroupCoordinator;
  #ids = 0;

  constructor(settings: Partial<GroupSettings> = {}) {
    this.settings = settings;
    this.groups = this.#start();
  }

  /** kill -9, then a start over what was written; from a snapshot when asked. */
  restart(fromSnapshot = false): void {
    this.groups.close();
    this.journal = new MemoryJournal(fromSnapshot ? this.journal.snapshot() : this.journal.survivors());
    this.groups = this.#start();
  }

  #start(): GroupCoordinator {
    const { clock, journal, topics, settings } = this;
    const groups = new GroupCoordinator({ clock, journal, topics, settings, newId: () => `id${++this.#ids}` });
    journal.open();
    groups.start();
    return groups;
  }
}

/** A JoinGroup as a consumer sends it. */
export function joinRequest(over: Partial<JoinRequest> = {}): JoinRequest {
  return {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('orders') }],
    ...over,
  };
}

/** The bytes a consumer joins with. */
export function subscription(...topics: string[]): Uint8Array {
  const bytes = [0, 0, 0, 0, 0, topics.length];
  for (const topic of topics) bytes.push(0, topic.length, ...utf8(topic));
  return Uint8Array.from([...bytes, 0xff, 0xff, 0xff, 0xff]);
}

/** A dynamic member of a version 9 client: asks for an id, then joins with it. */
export async function join(
  world: GroupWorld,
  over: Partial<JoinRequest> = {},
  client = new TestClient(),
): Promise<JoinAnswer> {
  const first = await world.groups.join(joinRequest(over), client, 9);
  if (first.errorCode !== 79) return first;
  return world.groups.join(joinRequest({ ...over, memberId: first.memberId }), client, 9);
}

/** Joins, assigns as the only member, and is stable. */
export async function joinAlone(world: GroupWorld, over: Partial<JoinRequest> = {}): Promise<JoinAnswer> {
  const answer = await join(world, over);
  await sync(world, answer, { [answer.memberId]: 'all' }, over.groupInstanceId ?? null, over.groupId ?? 'g');
  return answer;
}

/** SyncGroup with assignments given as text per member. */
export function sync(
  world: GroupWorld,
  joined: Pick<JoinAnswer, 'memberId' | 'generationId'>,
  assignments: Readonly<Record<string, string>> = {},
  groupInstanceId: string | null = null,
  groupId = 'g',
) {
  return world.groups.sync({
    groupId,
    generationId: joined.generationId,
    memberId: joined.memberId,
    groupInstanceId,
    protocolType: null,
    protocolName: null,
    assignments: Object.entries(assignments).map(([memberId, text]) => ({ memberId, assignment: utf8(text) })),
  });
}

/** A heartbeat's error code. */
export function beat(
  world: GroupWorld,
  joined: Pick<JoinAnswer, 'memberId' | 'generationId'>,
  groupInstanceId: string | null = null,
): number {
  return world.groups.heartbeat({
    groupId: 'g',
    memberId: joined.memberId,
    generationId: joined.generationId,
    groupInstanceId,
  });
}

/** An OffsetCommit of one partition. */
export function commitRequest(
  over: Partial<RequestOf<typeof offsetCommitApi>> & {
    offset?: number;
    topic?: string;
    partition?: number;
    metadata?: string;
  },
): RequestOf<typeof offsetCommitApi> {
  const { offset = 1, topic = 'orders', partition = 0, metadata = '', ...rest } = over;
  return {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1n,
    topics: [
      {
        name: topic,
        topicId: idOf(topic),
        partitions: [
          {
            partitionIndex: partition,
            committedOffset: BigInt(offset),
            committedLeaderEpoch: -1,
            committedMetadata: metadata,
          },
        ],
      },
    ],
    ...rest,
  };
}

/** Commits one partition and gives its error code. */
export async function commit(
  world: GroupWorld,
  over: Parameters<typeof commitRequest>[0],
  version = 8,
): Promise<number> {
  const answer = await world.groups.offsets.commit(commitRequest(over), version);
  return answer.topics[0]!.partitions[0]!.errorCode;
}

/** What is committed for one partition, as offset or error code. */
export async function committed(
  world: GroupWorld,
  partition = 0,
  { groupId = 'g', topic = 'orders', requireStable = false } = {},
): Promise<{ offset: bigint; error: number }> {
  const topics = [{ name: topic, topicId: idOf(topic), partitionIndexes: [partition] }];
  const [group] = await world.groups.offsets.fetch(
    [{ groupId, memberId: null, memberEpoch: -1, topics }],
    requireStable,
    8,
  );
  const found = group!.topics[0]!.partitions[0]!;
  return { offset: found.committedOffset, error: found.errorCode };
}
