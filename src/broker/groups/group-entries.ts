import type { JsonValue } from '../../base/row-batch.js';
import type { JournalEntry } from '../journal.js';
import type { CommittedOffset, PartitionOffset, StoredClassicGroup, StoredClassicMember } from './group-types.js';

/** Kinds of journal entries that belong to groups. */
export const GROUP_ENTRY_KINDS = [
  'group',
  'consumer-group',
  'group-removed',
  'offsets',
  'offsets-removed',
  'offsets-ended',
] as const;

/** A group of the classic protocol as it is after a rebalance, or after it lost its last member. */
export function groupEntry(groupId: string, group: StoredClassicGroup): JournalEntry {
  return {
    kind: 'group',
    group: groupId,
    protocolType: group.protocolType,
    generation: group.generation,
    protocol: group.protocol,
    leader: group.leader,
    emptySinceMs: group.emptySinceMs,
    members: group.members.map((member) => ({
      id: member.id,
      instanceId: member.instanceId,
      clientId: member.clientId,
      host: member.host,
      sessionTimeoutMs: member.sessionTimeoutMs,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      protocols: member.protocols.map(({ name, metadata }) => [name, toBase64(metadata)]),
      assignment: toBase64(member.assignment),
    })),
  };
}

/** Reads what {@link groupEntry} wrote. */
export function groupOf(entry: JournalEntry): StoredClassicGroup {
  const members = entry.members as readonly (Omit<StoredClassicMember, 'protocols' | 'assignment'> & {
    readonly protocols: readonly (readonly [string, string])[];
    readonly assignment: string;
  })[];
  return {
    protocolType: entry.protocolType as string,
    generation: entry.generation as number,
    protocol: entry.protocol as string | null,
    leader: entry.leader as string | null,
    emptySinceMs: entry.emptySinceMs as number | null,
    members: members.map((member) => ({
      ...member,
      protocols: member.protocols.map(([name, metadata]) => ({ name, metadata: fromBase64(metadata) })),
      assignment: fromBase64(member.assignment),
    })),
  };
}

/** The end of a group and of all its offsets. */
export function groupRemovedEntry(groupId: string): JournalEntry {
  return { kind: 'group-removed', group: groupId };
}

/** An offset with its place in the order of all commits of the journal; null: the next one. */
export interface OrderedOffset extends PartitionOffset {
  readonly order: number | null;
}

/**
 * Commits of one group. With a producer id they are held back until that producer's transaction ends.
 * @param producerId undefined: committed at once.
 */
export function offsetsEntry(
  groupId: string,
  offsets: readonly (PartitionOffset & { readonly order?: number })[],
  producerId?: number,
): JournalEntry {
  return {
    kind: 'offsets',
    group: groupId,
    producerId: producerId ?? null,
    offsets: offsets.map((each) => [
      each.topic,
      each.partition,
      each.offset.toString(),
      each.leaderEpoch,
      each.metadata,
      each.committedAtMs,
      each.expiresAtMs,
      each.order ?? null,
    ]),
  };
}

/** Reads the offsets of {@link offsetsEntry}. */
export function offsetsOf(entry: JournalEntry): OrderedOffset[] {
  type Row = readonly [string, number, string, number, string, number, number | null, number | null];
  return (entry.offsets as readonly JsonValue[] as readonly Row[]).map((row) => ({
    topic: row[0],
    partition: row[1],
    offset: BigInt(row[2]),
    leaderEpoch: row[3],
    metadata: row[4],
    committedAtMs: row[5],
    expiresAtMs: row[6],
    order: row[7],
  }));
}

/** A partition, by name. */
export type TopicPartition = readonly [topic: string, partition: number];

/** Offsets that were deleted, expired, or lost their topic. Held-back commits for the same partitions go too. */
export function offsetsRemovedEntry(groupId: string, partitions: readonly TopicPartition[]): JournalEntry {
  return { kind: 'offsets-removed', group: groupId, partitions };
}

/** The end of a producer's transaction: what was held back counts now, or never. */
export function offsetsEndedEntry(producerId: number, commit: boolean): JournalEntry {
  return { kind: 'offsets-ended', producerId, commit };
}

/** The part of `offset` that stays the same wherever it is stored. */
export function positionOf(offset: CommittedOffset): CommittedOffset {
  const { leaderEpoch, metadata, committedAtMs, expiresAtMs } = offset;
  return { offset: offset.offset, leaderEpoch, metadata, committedAtMs, expiresAtMs };
}

/** Bytes as the text that journal entries carry. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Reads {@link toBase64}. */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
