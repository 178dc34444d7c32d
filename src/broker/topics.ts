import type { Partition } from './partition.js';

/** One topic; frozen, replaced as a whole when partitions or configs change. */
export interface Topic {
  readonly name: string;
  /** 22-character base64url uuid; the folder's name too. */
  readonly id: string;
  readonly partitions: readonly Partition[];
  /** Only what was set for this topic; defaults are in topic-configs.ts. */
  readonly configs: ReadonlyMap<string, string>;
}

/** The topics of the broker: made from journal entries, each with its partitions' logs. */
export interface TopicRegistry {
  byName(name: string): Topic | undefined;
  byId(id: string): Topic | undefined;
  partition(name: string, index: number): Partition | undefined;
  /** All topics, by name. */
  list(): readonly Topic[];
  /** Calls `action` with each topic that was deleted (offsets of groups, transactions have to forget it). */
  onDeleted(action: (topic: Topic) => void): void;
}
