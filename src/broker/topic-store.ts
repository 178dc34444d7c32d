import type { Repair } from '../storage/log-recovery.js';
import type { JournalEntry, JournalOwner } from './journal.js';
import { type LogEdges, PartitionLog } from './partition-log.js';
import { configsFromJson, logSettings } from './topic-configs.js';
import type { Topic, TopicRegistry } from './topics.js';

/** A {@link Topic} whose partitions can be written. */
export interface StoredTopic extends Topic {
  readonly partitions: readonly PartitionLog[];
}

/** Marks the folder of a topic that the journal does not know and that nobody deleted. */
const KEPT_NAME = 'unknown-topic';

/** What changes a topic; applied by the journal. */
export const topicEntries = {
  created: (name: string, id: string, partitions: number, configs: ReadonlyMap<string, string>): JournalEntry => ({
    kind: 'topic',
    name,
    id,
    partitions,
    configs: Object.fromEntries(configs),
  }),
  deleted: (id: string): JournalEntry => ({ kind: 'topic-deleted', id }),
  /** `partitions` is the new total. */
  extended: (id: string, partitions: number): JournalEntry => ({ kind: 'topic-partitions', id, partitions }),
  configured: (id: string, configs: ReadonlyMap<string, string>): JournalEntry => ({
    kind: 'topic-configs',
    id,
    configs: Object.fromEntries(configs),
  }),
  /** Records before `offset` are gone. */
  trimmed: (id: string, partition: number, offset: number): JournalEntry => ({
    kind: 'topic-start',
    id,
    partition,
    offset,
  }),
};

/** {@link TopicRegistry} as the result of journal entries, with a log for each partition. */
export class TopicStore implements TopicRegistry, JournalOwner {
  readonly kinds = ['topic', 'topic-deleted', 'topic-partitions', 'topic-configs', 'topic-start'];
  readonly #edges: LogEdges;
  readonly #dataFolder: string;
  readonly #folder: string;
  readonly #byId = new Map<string, StoredTopic>();
  readonly #byName = new Map<string, StoredTopic>();
  readonly #starts = new Map<string, number>();
  readonly #onDeleted: ((topic: Topic) => void)[] = [];
  #partitionCount = 0;
  #live = false;

  constructor(edges: LogEdges, dataFolder: string) {
    this.#edges = edges;
    this.#dataFolder = dataFolder;
    this.#folder = `${dataFolder}/topics`;
  }

  /** Partitions of all topics together. */
  get partitionCount(): number {
    return this.#partitionCount;
  }

  byName(name: string): StoredTopic | undefined {
    return this.#byName.get(name);
  }

  byId(id: string): StoredTopic | undefined {
    return this.#byId.get(id);
  }

  partition(name: string, index: number): PartitionLog | undefined {
    return this.#byName.get(name)?.partitions[index];
  }

  list(): readonly StoredTopic[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  onDeleted(action: (topic: Topic) => void): void {
    this.#onDeleted.push(action);
  }

  /** Tells everybody who wants to know that a topic was deleted. */
  tellDeleted(topic: Topic): void {
    for (const action of this.#onDeleted) action(topic);
  }

  /**
   * Opens every log after the journal was replayed and removes folders of topics that are gone.
   * @param keep called with each folder of an unknown topic, which then stays for good: the journal was cut, so what it
   * does not know may be there all the same.
   * @returns what had to be cut off.
   * @throws `log-corrupt` `disk-failed`
   */
  open(keep?: (folder: string) => void): readonly Repair[] {
    this.#live = true;
    this.#removeUnknown(keep);
    const repairs: Repair[] = [];
    for (const topic of this.#byId.values())
      for (const partition of topic.partitions) repairs.push(...partition.open());
    return repairs;
  }

  /** Ids and epochs of all producers that the logs know. */
  *producers(): Iterable<readonly [producerId: number, epoch: number]> {
    for (const topic of this.#byId.values()) {
      for (const partition of topic.partitions) {
        for (const { producerId, epoch } of partition.producers()) yield [producerId, epoch];
      }
    }
  }

  apply(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'topic':
        this.#put(String(entry.name), String(entry.id), Number(entry.partitions), configsFromJson(entry.configs));
        break;
      case 'topic-deleted':
        this.#delete(String(entry.id));
        break;
      case 'topic-partitions':
        this.#change(String(entry.id), Number(entry.partitions), undefined);
        break;
      case 'topic-configs':
        this.#change(String(entry.id), undefined, configsFromJson(entry.configs));
        break;
      case 'topic-start':
        this.#trim(String(entry.id), Number(entry.partition), Number(entry.offset));
        break;
    }
  }

  *snapshot(): Iterable<JournalEntry> {
    for (const topic of this.#byId.values()) {
      yield topicEntries.created(topic.name, topic.id, topic.partitions.length, topic.configs);
      for (const { index } of topic.partitions) {
        const start = this.#starts.get(`${topic.id}/${index}`);
        if (start !== undefined) yield topicEntries.trimmed(topic.id, index, start);
      }
    }
  }

  /** Syncs and closes all logs. */
  async close(): Promise<void> {
    for (const topic of this.#byId.values()) await Promise.all(topic.partitions.map((partition) => partition.close()));
  }

  /** Closes all logs as they are. */
  abandon(): void {
    for (const topic of this.#byId.values()) for (const partition of topic.partitions) partition.abandon();
  }

  #removeUnknown(keep?: (folder: string) => void): void {
    const { files } = this.#edges;
    for (const name of files.list(this.#folder)) {
      const folder = `${this.#folder}/${name}`;
      if (this.#byId.has(name) || files.exists(`${folder}/${KEPT_NAME}`)) continue;
      if (!keep) files.remove(folder);
      else {
        files.replaceFile(`${folder}/${KEPT_NAME}`, new Uint8Array(0));
        keep(folder);
      }
    }
  }

  #put(name: string, id: string, count: number, configs: ReadonlyMap<string, string>): void {
    const previous = this.#byId.get(id);
    const settings = logSettings(configs);
    const partitions: PartitionLog[] = [];
    for (let index = 0; index < count; index++) {
      const known = previous?.partitions[index];
      if (known) known.settings = settings;
      partitions.push(known ?? this.#newPartition(name, id, index, configs));
    }
    const topic: StoredTopic = Object.freeze({ name, id, partitions, configs });
    this.#partitionCount += count - (previous?.partitions.length ?? 0);
    this.#byId.set(id, topic);
    this.#byName.set(name, topic);
  }

  #newPartition(topicName: string, topicId: string, index: number, configs: ReadonlyMap<string, string>): PartitionLog {
    return new PartitionLog(this.#edges, {
      topicName,
      topicId,
      index,
      topicsFolder: this.#folder,
      dataFolder: this.#dataFolder,
      settings: logSettings(configs),
      startOffset: 0,
    });
  }

  #change(id: string, count: number | undefined, configs: ReadonlyMap<string, string> | undefined): void {
    const topic = this.#byId.get(id);
    if (topic) this.#put(topic.name, id, count ?? topic.partitions.length, configs ?? topic.configs);
  }

  #delete(id: string): void {
    const topic = this.#byId.get(id);
    if (!topic) return;
    this.#byId.delete(id);
    if (this.#byName.get(topic.name) === topic) this.#byName.delete(topic.name);
    this.#partitionCount -= topic.partitions.length;
    for (const { index } of topic.partitions) this.#starts.delete(`${id}/${index}`);
    if (!this.#live) return;
    for (const partition of topic.partitions) partition.retire();
  }

  #trim(id: string, index: number, offset: number): void {
    const partition = this.#byId.get(id)?.partitions[index];
    if (!partition) return;
    this.#starts.set(`${id}/${index}`, offset);
    partition.hideBefore(offset);
  }
}
