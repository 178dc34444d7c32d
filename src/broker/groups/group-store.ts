import type { JournalEntry, JournalOwner } from '../journal.js';
import { type ConsumerGroupState, consumerGroupEntry, consumerGroupOf } from './consumer-state.js';
import {
  GROUP_ENTRY_KINDS,
  groupEntry,
  groupOf,
  type OrderedOffset,
  offsetsEntry,
  offsetsOf,
  positionOf,
  type TopicPartition,
} from './group-entries.js';
import type { CommittedOffset, PartitionOffset, StoredClassicGroup } from './group-types.js';

/** A commit with its place among all commits: of two for one partition the later one counts, whenever it is applied. */
interface StoredOffset extends CommittedOffset {
  readonly order: number;
}

/** Offsets that share one entry of a snapshot. */
const OFFSETS_PER_ENTRY = 500;

type OffsetTable = Map<string, Map<number, StoredOffset>>;

/**
 * What is known of groups for good: members of the last rebalance, committed offsets, and the offsets that wait for the
 * end of a transaction. The result of its journal entries and of nothing else.
 */
export class GroupStore implements JournalOwner {
  readonly kinds = GROUP_ENTRY_KINDS;
  readonly #groups = new Map<string, StoredClassicGroup>();
  readonly #consumers = new Map<string, ConsumerGroupState>();
  readonly #committed = new Map<string, OffsetTable>();
  /** Producer id -> group -> offsets of the open transaction. */
  readonly #pending = new Map<number, Map<string, OffsetTable>>();
  #nextOrder = 1;

  apply(entry: JournalEntry): void {
    const groupId = entry.group as string;
    switch (entry.kind) {
      // A group speaks one protocol at a time.
      case 'group':
        this.#groups.set(groupId, groupOf(entry));
        this.#consumers.delete(groupId);
        return;
      case 'consumer-group':
        this.#consumers.set(groupId, consumerGroupOf(entry));
        this.#groups.delete(groupId);
        return;
      case 'group-removed':
        this.#remove(groupId);
        return;
      case 'offsets':
        this.#applyOffsets(groupId, entry.producerId as number | null, offsetsOf(entry));
        return;
      case 'offsets-removed':
        for (const [topic, partition] of entry.partitions as unknown as readonly TopicPartition[]) {
          this.#removeOffset(groupId, topic, partition);
        }
        return;
      default:
        this.#end(entry.producerId as number, entry.commit as boolean);
    }
  }

  *snapshot(): Iterable<JournalEntry> {
    for (const [groupId, group] of this.#groups) yield groupEntry(groupId, group);
    for (const [groupId, state] of this.#consumers) yield consumerGroupEntry(groupId, state);
    for (const [groupId, table] of this.#committed) yield* offsetsEntries(groupId, table);
    for (const [producerId, groups] of this.#pending) {
      for (const [groupId, table] of groups) yield* offsetsEntries(groupId, table, producerId);
    }
  }

  /** The last stored state of a classic group; undefined for one that only has offsets, or is not known. */
  group(groupId: string): StoredClassicGroup | undefined {
    return this.#groups.get(groupId);
  }

  /** The last stored state of a group of the consumer protocol. */
  consumerGroup(groupId: string): ConsumerGroupState | undefined {
    return this.#consumers.get(groupId);
  }

  /** Whether anything is known of the group: members once, offsets, or offsets in a transaction. */
  has(groupId: string): boolean {
    if (this.#consumers.has(groupId)) return true;
    return this.#groups.has(groupId) || this.#committed.has(groupId) || this.hasPending(groupId);
  }

  /** Every group of which anything is known. */
  groupIds(): Set<string> {
    const all = new Set([...this.#groups.keys(), ...this.#consumers.keys(), ...this.#committed.keys()]);
    for (const groups of this.#pending.values()) for (const groupId of groups.keys()) all.add(groupId);
    return all;
  }

  offset(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#committed.get(groupId)?.get(topic)?.get(partition);
  }

  /** All committed offsets of a group, in the order their partitions came up. */
  *offsets(groupId: string): Iterable<PartitionOffset> {
    const table = this.#committed.get(groupId);
    if (table) yield* rows(table);
  }

  /** Whether an open transaction holds offsets of this partition, or (without a partition) of the group. */
  hasPending(groupId: string, topic?: string, partition?: number): boolean {
    for (const groups of this.#pending.values()) {
      const table = groups.get(groupId);
      if (!table) continue;
      if (topic === undefined || table.get(topic)?.has(partition!)) return true;
    }
    return false;
  }

  /** Partitions of `topic` with offsets, held-back ones included, for each group that has some. */
  *partitionsOf(topic: string): Iterable<{ readonly groupId: string; readonly partitions: readonly number[] }> {
    for (const groupId of this.groupIds()) {
      const partitions = new Set(this.#committed.get(groupId)?.get(topic)?.keys());
      for (const groups of this.#pending.values()) {
        for (const partition of groups.get(groupId)?.get(topic)?.keys() ?? []) partitions.add(partition);
      }
      if (partitions.size > 0) yield { groupId, partitions: [...partitions] };
    }
  }

  #applyOffsets(groupId: string, producerId: number | null, offsets: readonly OrderedOffset[]): void {
    for (const each of offsets) {
      const order = each.order ?? this.#nextOrder;
      this.#nextOrder = Math.max(this.#nextOrder, order + 1);
      const stored = { ...positionOf(each), order };
      if (producerId === null) put(tableOf(this.#committed, groupId), each.topic, each.partition, stored);
      else put(tableOf(this.#pendingOf(producerId), groupId), each.topic, each.partition, stored);
    }
  }

  #pendingOf(producerId: number): Map<string, OffsetTable> {
    let groups = this.#pending.get(producerId);
    if (!groups) {
      groups = new Map();
      this.#pending.set(producerId, groups);
    }
    return groups;
  }

  #end(producerId: number, commit: boolean): void {
    const groups = this.#pending.get(producerId);
    this.#pending.delete(producerId);
    if (!groups || !commit) return;
    for (const [groupId, pending] of groups) {
      const table = tableOf(this.#committed, groupId);
      for (const [topic, partitions] of pending) {
        for (const [partition, offset] of partitions) {
          const present = table.get(topic)?.get(partition);
          // A plain commit that came after this one, while the transaction was open, stays.
          if (!present || present.order < offset.order) put(table, topic, partition, offset);
        }
      }
    }
  }

  #remove(groupId: string): void {
    this.#groups.delete(groupId);
    this.#consumers.delete(groupId);
    this.#committed.delete(groupId);
    for (const [producerId, groups] of this.#pending) {
      groups.delete(groupId);
      if (groups.size === 0) this.#pending.delete(producerId);
    }
  }

  #removeOffset(groupId: string, topic: string, partition: number): void {
    forget(this.#committed, groupId, topic, partition);
    for (const [producerId, groups] of this.#pending) {
      forget(groups, groupId, topic, partition);
      if (groups.size === 0) this.#pending.delete(producerId);
    }
  }
}

function tableOf(tables: Map<string, OffsetTable>, groupId: string): OffsetTable {
  let table = tables.get(groupId);
  if (!table) {
    table = new Map();
    tables.set(groupId, table);
  }
  return table;
}

function put(table: OffsetTable, topic: string, partition: number, offset: StoredOffset): void {
  let partitions = table.get(topic);
  if (!partitions) {
    partitions = new Map();
    table.set(topic, partitions);
  }
  partitions.set(partition, offset);
}

function forget(tables: Map<string, OffsetTable>, groupId: string, topic: string, partition: number): void {
  const table = tables.get(groupId);
  const partitions = table?.get(topic);
  if (!table || !partitions?.delete(partition)) return;
  if (partitions.size === 0) table.delete(topic);
  if (table.size === 0) tables.delete(groupId);
}

/** All offsets of a group, in entries that are never too large for the journal, however long their metadata is. */
function* offsetsEntries(groupId: string, table: OffsetTable, producerId?: number): Iterable<JournalEntry> {
  const all = [...rows(table)];
  for (let from = 0; from < all.length; from += OFFSETS_PER_ENTRY) {
    yield offsetsEntry(groupId, all.slice(from, from + OFFSETS_PER_ENTRY), producerId);
  }
}

function* rows(table: OffsetTable): Iterable<PartitionOffset & { readonly order: number }> {
  for (const [topic, partitions] of table) {
    for (const [partition, offset] of partitions) yield { topic, partition, ...offset };
  }
}
