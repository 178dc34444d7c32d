import type { Timer } from '../../base/time.js';

/** Bounds and times of groups; the defaults are Kafka's, but for the initial delay and the heartbeats of the consumer protocol. */
export interface GroupSettings {
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** How long the first rebalance of an empty group waits for more members. */
  readonly initialRebalanceDelayMs: number;
  /** How long a JoinGroup of a member that was never seen before may wait. */
  readonly newMemberTimeoutMs: number;
  /** Members of one group, those that were just given an id included. */
  readonly maxMembers: number;
  readonly maxGroups: number;
  /** What the members of all groups bring along, all together. */
  readonly maxMemberBytes: number;
  /** Characters of the text beside a committed offset. */
  readonly maxOffsetMetadata: number;
  /** Age at which the offsets of a group without members are forgotten. */
  readonly offsetRetentionMs: number;
  readonly offsetCheckIntervalMs: number;
  /** Consumer protocol (KIP-848): what members are told (a rebalance takes two or three of them), and when silence means death. */
  readonly consumerHeartbeatIntervalMs: number;
  readonly consumerSessionTimeoutMs: number;
}

/** @see https://kafka.apache.org/documentation/#brokerconfigs (group.*, offsets.*) */
export const DEFAULT_GROUP_SETTINGS: GroupSettings = {
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  initialRebalanceDelayMs: 0,
  newMemberTimeoutMs: 300_000,
  maxMembers: 1_000,
  maxGroups: 10_000,
  maxMemberBytes: 64 << 20,
  maxOffsetMetadata: 4_096,
  offsetRetentionMs: 7 * 24 * 3_600_000,
  offsetCheckIntervalMs: 600_000,
  consumerHeartbeatIntervalMs: 1_000,
  consumerSessionTimeoutMs: 45_000,
};

/** States of a classic group, spelled as clients are told. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

/** Who is on the other end of a request. */
export interface GroupClient {
  readonly clientId: string;
  /** `/127.0.0.1`, as group descriptions show it. */
  readonly host: string;
  /** Calls `action` once when the connection closes; returns how to take that back. */
  onClose(action: () => void): () => void;
}

/** One way of assigning partitions that a member can take part in; the bytes mean nothing to us. */
export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

/** A JoinGroup request, and what its version implies. */
export interface JoinRequest {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  /** -1 in version 0: the session timeout is meant. */
  readonly rebalanceTimeoutMs: number;
  /** '' for a member that does not know its id. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  readonly protocols: readonly GroupProtocol[];
}

export interface JoinAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** Everybody, for the leader; empty for the others. */
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly metadata: Uint8Array;
  }[];
}

export interface SyncRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
}

export interface SyncAnswer {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
}

export interface HeartbeatRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** Who leaves: by member id, or (an administrator) by instance id alone. */
export interface LeavingMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface LeftMember extends LeavingMember {
  readonly errorCode: number;
}

/** A member of a classic group while the broker runs. */
export interface ClassicMember {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly GroupProtocol[];
  assignment: Uint8Array;
  /** Has not received the answer to its first JoinGroup yet. */
  isNew: boolean;
  /** The JoinGroup that waits for the others. */
  join: Waiting<JoinAnswer> | undefined;
  /** The SyncGroup that waits for the leader. */
  sync: Waiting<SyncAnswer> | undefined;
  /** Runs out when the member is silent for its session timeout. */
  session: Timer | undefined;
}

/** A request that waits for its answer. */
export interface Waiting<A> {
  resolve(answer: A): void;
}

/** What is known of a classic group after a restart. */
export interface StoredClassicGroup {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  /** When it came to have no members, milliseconds since the epoch; null while it has some. */
  readonly emptySinceMs: number | null;
  readonly members: readonly StoredClassicMember[];
}

export interface StoredClassicMember {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly GroupProtocol[];
  readonly assignment: Uint8Array;
}

/** A committed position, as it was committed. */
export interface CommittedOffset {
  readonly offset: bigint;
  /** -1 when unknown. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly committedAtMs: number;
  /** Only for commits that brought their own retention time (versions 2 to 4). */
  readonly expiresAtMs: number | null;
}

/** A committed position together with the partition it is for. */
export interface PartitionOffset extends CommittedOffset {
  readonly topic: string;
  readonly partition: number;
}

/** The type word of groups that consume topics. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';

/** An assignment for nobody. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * All that can be done with a group, as bits: read (3), delete (6), describe (8), describe and alter its configs (10,
 * 11). There are no ACLs to take any away.
 */
export const GROUP_OPERATIONS = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11);

/** Nobody asked what can be done with a group, or there is none. */
export const NO_OPERATIONS = -2_147_483_648;
