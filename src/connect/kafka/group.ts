import { StreamctlError } from '../../base/errors.js';
import { errorCodes } from '../../wire/error-codes.js';
import { type AssignorName, assignPartitions, inPlaces } from './assignors.js';
import type { KafkaClient } from './client.js';
import type { Group } from './contracts.js';
import {
  type Assigned,
  decodeAssignment,
  decodePlace,
  decodeSubscription,
  encodeAssignment,
  encodePlace,
  encodeSubscription,
} from './group-protocol.js';
import { GroupRequests, type Membership } from './group-requests.js';
import type {
  CommitOffset,
  GroupHandlers,
  GroupIdentity,
  GroupOptions,
  GroupPlace,
  TopicPartition,
} from './interfaces.js';
import { isRetriable, KafkaFailure } from './kafka-failure.js';
import { committedOffsets } from './offsets.js';
import { partitionName } from './topic-groups.js';

const DEFAULT_SESSION_MS = 45_000;
const DEFAULT_REBALANCE_MS = 60_000;
const DEFAULT_HEARTBEAT_MS = 3_000;
const DEFAULT_ASSIGNORS: readonly AssignorName[] = ['cooperative-sticky', 'range'];
/** How often the leader looks for new topics and partitions of its members. */
const TOPICS_LOOK_MS = 30_000;
/** How long a commit waits for a rebalance that is under way. */
const COMMIT_WAIT_MS = 30_000;

/** Errors after which the member is out: it has lost its partitions and joins anew. */
const OUT: ReadonlySet<number> = new Set([errorCodes.UNKNOWN_MEMBER_ID, errorCodes.ILLEGAL_GENERATION]);

/**
 * A member of a consumer group by our own requests, so that its generation is known to transactions. Between
 * rebalances it only beats; with cooperative assignors it keeps its partitions while the group rebalances.
 */
export class GroupMember implements Group {
  readonly #client: KafkaClient;
  readonly #options: GroupOptions;
  readonly #handlers: GroupHandlers;
  readonly #requests: GroupRequests;
  readonly #assignors: readonly AssignorName[];
  readonly #stop = new AbortController();
  #left = false;
  #member: Membership | undefined;
  #memberId: string;
  #protocol: AssignorName | undefined;
  #owned: readonly TopicPartition[] = [];
  #place: GroupPlace | undefined;
  /** Partition counts that the leader's last assignment was made of. */
  #counts: ReadonlyMap<string, number> | undefined;
  #started: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(client: KafkaClient, options: GroupOptions, handlers: GroupHandlers) {
    this.#client = client;
    this.#options = options;
    this.#handlers = handlers;
    this.#assignors = options.assignors ?? DEFAULT_ASSIGNORS;
    this.#memberId = options.memberId ?? '';
    const sessionMs = options.sessionTimeoutMs ?? DEFAULT_SESSION_MS;
    this.#requests = new GroupRequests(client, options, sessionMs, options.rebalanceTimeoutMs ?? DEFAULT_REBALANCE_MS);
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      void this.#run();
    });
  }

  identity(): GroupIdentity | undefined {
    if (!this.#member) return undefined;
    return { groupId: this.#options.groupId, instanceId: this.#options.instanceId ?? null, ...this.#member };
  }

  assignment(): readonly TopicPartition[] {
    return this.#owned;
  }

  place(): GroupPlace | undefined {
    return this.#place;
  }

  committed(partitions: readonly TopicPartition[]): Promise<readonly CommitOffset[]> {
    return partitions.length === 0
      ? Promise.resolve([])
      : committedOffsets(this.#client, this.#options.groupId, partitions);
  }

  async commit(offsets: readonly CommitOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    const { clock } = this.#client.edges;
    const deadline = clock.elapsed() + COMMIT_WAIT_MS;
    for (;;) {
      const member = this.#member;
      if (!member) throw this.#fenced('it is not a member at the moment');
      try {
        await this.#requests.commit(member, offsets);
        return;
      } catch (error) {
        const code = error instanceof KafkaFailure ? error.kafkaCode : 0;
        if (OUT.has(code) || code === errorCodes.FENCED_INSTANCE_ID)
          throw this.#fenced((error as Error).message, error);
        if (code !== errorCodes.REBALANCE_IN_PROGRESS || clock.elapsed() >= deadline) throw error;
        // The members have joined and wait for the leader: the next generation takes the commit.
        await clock.sleep(this.#client.settings.retryBackoffMs);
      }
    }
  }

  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    if ((this.#owned.length > 0 || this.#place) && this.#member) await this.#handlers.revoked(this.#owned);
    this.#place = undefined;
    this.#owned = [];
    this.#stop.abort();
    const member = this.#member ?? (this.#memberId === '' ? undefined : { memberId: this.#memberId, generation: -1 });
    this.#member = undefined;
    // A leave that fails only means that the others wait for the session to time out.
    if (member) await this.#requests.leave(member).catch(() => undefined);
  }

  #fenced(detail: string, cause?: unknown): StreamctlError {
    return new StreamctlError('conflict', `the member of group "${this.#options.groupId}" was put out of its group`, {
      detail,
      hint: 'another member may work on its partitions now: what was not committed is read again',
      ...(cause === undefined ? {} : { cause }),
    });
  }

  async #run(): Promise<void> {
    const { clock } = this.#client.edges;
    const backoff = this.#client.backoff();
    let reason = 'the member starts';
    while (!this.#stop.signal.aborted) {
      try {
        const settled = await this.#joinAndSync(reason);
        backoff.reset();
        reason = settled ? await this.#beat() : 'partitions were given up for others';
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const code = error instanceof KafkaFailure ? error.kafkaCode : 0;
        reason = (error as Error).message;
        if (OUT.has(code)) await this.#lose();
        else if (code === errorCodes.REBALANCE_IN_PROGRESS) continue;
        else if (isRetriable(error) && this.#started === undefined)
          await clock.sleep(backoff.nextMs(), this.#stop.signal);
        else return this.#fail(error as Error);
      }
    }
  }

  #fail(error: Error): void {
    this.#stop.abort();
    this.#member = undefined;
    if (this.#started) this.#started.reject(error);
    else this.#handlers.failed(error);
    this.#started = undefined;
  }

  /** The coordinator has put the member out: its partitions may be others' already. */
  async #lose(): Promise<void> {
    const lost = this.#owned;
    this.#owned = [];
    this.#member = undefined;
    this.#memberId = '';
    const place = this.#place;
    this.#place = undefined;
    if (lost.length === 0 && !place) return;
    try {
      await this.#handlers.lost(lost);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** One rebalance; false when the group has to rebalance again because this member gave something up. */
  async #joinAndSync(reason: string): Promise<boolean> {
    // Only where the last assignor moves partitions step by step may they be kept while the others join.
    if (this.#protocol === 'range' || this.#place) await this.#giveUp(this.#owned);
    this.#place = undefined;
    const metadata = encodeSubscription({
      topics: this.#options.topics,
      owned: this.#owned,
      generation: this.#member?.generation ?? -1,
      userData: this.#options.userData ?? null,
    });
    const protocols = this.#assignors.map((name) => ({ name, metadata }));
    const joined = await this.#requests.join(this.#memberId, protocols, reason, this.#stop.signal);
    if (this.#stop.signal.aborted) return true;
    this.#memberId = joined.memberId;
    const member = { memberId: joined.memberId, generation: joined.generationId };
    const protocol = this.#assignors.find((name) => name === joined.protocolName) ?? 'range';
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment;
    if (joined.leader !== joined.memberId) this.#counts = undefined;
    // Its assignment stands, but it has to look after the topics as before.
    if (joined.leader === joined.memberId && joined.skipAssignment) await this.#learnCounts(joined.members);
    const assignments = isLeader ? await this.#assign(protocol, joined.members) : [];
    const mine = decodeAssignment(await this.#requests.sync(member, protocol, assignments));
    if (this.#stop.signal.aborted) return true;
    this.#member = member;
    this.#protocol = protocol;
    return this.#take(mine);
  }

  async #assign(
    protocol: AssignorName,
    joined: readonly {
      readonly memberId: string;
      readonly groupInstanceId: string | null;
      readonly metadata: Uint8Array;
    }[],
  ): Promise<{ memberId: string; assignment: Uint8Array }[]> {
    const members = joined.map(({ memberId, groupInstanceId, metadata }) => ({
      memberId,
      instanceId: groupInstanceId,
      ...decodeSubscription(metadata),
    }));
    const counts = await this.#learnCounts(joined);
    const shares = assignPartitions(protocol, members, counts);
    const places = protocol === 'places' ? inPlaces(members) : [];
    const userData = places.map((member) => member.userData);
    return [...shares].map(([memberId, partitions]) => {
      const place = places.findIndex((member) => member.memberId === memberId);
      const told = place < 0 ? null : encodePlace({ place, userData });
      return { memberId, assignment: encodeAssignment(partitions, told) };
    });
  }

  /** Partitions of all topics that members want; {@link #beat} looks whether there are more of them. */
  async #learnCounts(joined: readonly { readonly metadata: Uint8Array }[]): Promise<ReadonlyMap<string, number>> {
    const topics = joined.flatMap(({ metadata }) => decodeSubscription(metadata).topics);
    this.#counts = await this.#partitionCounts([...new Set([...topics, ...this.#options.topics])]);
    return this.#counts;
  }

  async #partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const cluster = await this.#client.cluster(topics);
    return new Map(cluster.topics.map(({ name, partitions }) => [name, partitions.length]));
  }

  /** Takes up an assignment; true when nothing had to be given up for it. */
  async #take({ partitions: mine, userData }: Assigned): Promise<boolean> {
    const names = new Set(mine.map(partitionName));
    const gone = this.#owned.filter((partition) => !names.has(partitionName(partition)));
    this.#place = this.#protocol === 'places' && userData ? decodePlace(userData) : undefined;
    if (gone.length > 0) await this.#giveUp(gone);
    const before = new Set(this.#owned.map(partitionName));
    const added = mine.filter((partition) => !before.has(partitionName(partition)));
    this.#owned = mine;
    if (added.length > 0 || this.#place || this.#started) await this.#handlers.assigned(added);
    this.#started?.resolve();
    this.#started = undefined;
    return this.#protocol !== 'cooperative-sticky' || gone.length === 0;
  }

  async #giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0 && !this.#place) return;
    // Beats go on meanwhile: committing what is left may take longer than a session.
    const beating = this.#client.edges.clock;
    let done = false;
    const beat = async (): Promise<void> => {
      while (!done && this.#member) {
        await beating.sleep(this.#heartbeatMs(), this.#stop.signal);
        if (!done && this.#member) await this.#requests.heartbeat(this.#member).catch(() => undefined);
      }
    };
    void beat();
    await this.#handlers.revoked(partitions);
    done = true;
    const gone = new Set(partitions.map(partitionName));
    this.#owned = this.#owned.filter((partition) => !gone.has(partitionName(partition)));
  }

  #heartbeatMs(): number {
    return this.#options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS;
  }

  /** Beats until the group rebalances; gives back why. */
  async #beat(): Promise<string> {
    const { clock } = this.#client.edges;
    let lookedMs = clock.elapsed();
    for (;;) {
      await clock.sleep(this.#heartbeatMs(), this.#stop.signal);
      if (this.#stop.signal.aborted || !this.#member) return 'the member closes';
      try {
        await this.#requests.heartbeat(this.#member);
      } catch (error) {
        const code = error instanceof KafkaFailure ? error.kafkaCode : 0;
        if (code === errorCodes.REBALANCE_IN_PROGRESS) return 'the group rebalances';
        // A coordinator that cannot be reached for a while has not put us out yet.
        if (!isRetriable(error)) throw error;
      }
      if (this.#counts && clock.elapsed() - lookedMs >= TOPICS_LOOK_MS) {
        lookedMs = clock.elapsed();
        if (await this.#topicsChanged(this.#counts)) return 'topics or partitions were added';
      }
    }
  }

  async #topicsChanged(before: ReadonlyMap<string, number>): Promise<boolean> {
    const topics = new Set([...before.keys(), ...this.#options.topics]);
    const now = await this.#partitionCounts([...topics]).catch(() => before);
    return now.size !== before.size || [...now].some(([topic, count]) => before.get(topic) !== count);
  }
}
