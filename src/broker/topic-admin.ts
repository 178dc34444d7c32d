import type { Compression, Crypto } from '../base/codec-interfaces.js';
import { COMPRESSION_NAMES } from '../base/codec-interfaces.js';
import { StreamctlError } from '../base/errors.js';
import type { FileSystem } from '../base/files.js';
import type { KafkaErrorName } from '../wire/error-codes.js';
import { uuidText } from '../wire/uuid.js';
import type { Journal } from './journal.js';
import type { Limits } from './limits.js';
import { checkConfig, checkTopicName, logSettings, TOPIC_CONFIGS } from './topic-configs.js';
import { type StoredTopic, type TopicStore, topicEntries } from './topic-store.js';

/** What an administrator's request came to. */
export type AdminResult<T = undefined> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: KafkaErrorName; readonly message: string };

/** A topic to be made. */
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly configs: ReadonlyMap<string, string>;
}

/** What topic administration works on. */
export interface TopicAdminParts {
  readonly topics: TopicStore;
  readonly journal: Journal;
  readonly files: FileSystem;
  readonly crypto: Crypto;
  readonly compression: Compression;
  readonly limits: Limits;
  readonly dataFolder: string;
}

/** A refusal in Kafka's words. */
export function no(error: KafkaErrorName, message: string): { ok: false; error: KafkaErrorName; message: string } {
  return { ok: false, error, message };
}

/** Makes, changes and deletes topics: checks, one journal entry, then the files. */
export class TopicAdmin {
  readonly #parts: TopicAdminParts;

  constructor(parts: TopicAdminParts) {
    this.#parts = parts;
  }

  /** Whether a topic could be made, without making it. */
  checkNew(topic: NewTopic): AdminResult {
    const nameProblem = checkTopicName(topic.name);
    if (nameProblem) return no('INVALID_TOPIC_EXCEPTION', nameProblem);
    const { topics, limits } = this.#parts;
    if (topics.byName(topic.name)) return no('TOPIC_ALREADY_EXISTS', `Topic '${topic.name}' already exists.`);
    const twin = this.#collision(topic.name);
    if (twin) {
      const why = `Topic '${topic.name}' collides with existing topic: ${twin}`;
      return no('INVALID_TOPIC_EXCEPTION', why);
    }
    if (topic.partitions < 1) return no('INVALID_PARTITIONS', 'Number of partitions must be larger than 0.');
    const room = this.#room(topic.partitions, topic.partitions, limits);
    if (!room.ok) return room;
    for (const [name, value] of topic.configs) {
      const problem = checkConfig(name, value, TOPIC_CONFIGS);
      if (problem) return no('INVALID_CONFIG', problem);
    }
    return { ok: true, value: undefined };
  }

  /** Makes a topic. Resolves when it is durable; it can be used at once. */
  async create(topic: NewTopic): Promise<AdminResult<StoredTopic>> {
    const checked = this.checkNew(topic);
    if (!checked.ok) return checked;
    const durable = this.#append(topicEntries.created(topic.name, this.#newId(), topic.partitions, topic.configs));
    const made = this.#parts.topics.byName(topic.name)!;
    await Promise.all([durable, this.prepareFor(topic.configs)]);
    return { ok: true, value: made };
  }

  /** Deletes a topic with its records. Resolves when nothing of it is left. */
  async delete(topic: StoredTopic): Promise<void> {
    const { files, dataFolder, topics } = this.#parts;
    const durable = this.#append(topicEntries.deleted(topic.id));
    topics.tellDeleted(topic);
    await durable;
    for (const partition of topic.partitions) partition.discard();
    try {
      files.remove(`${dataFolder}/topics/${topic.id}`);
    } catch (error) {
      // The folder of an unknown id is removed with the next start.
      if (!(error instanceof StreamctlError)) throw error;
    }
  }

  /** Whether a topic may grow to `count` partitions. */
  checkPartitions(topic: StoredTopic, count: number): AdminResult {
    const now = topic.partitions.length;
    if (count < now) {
      const why = `The topic ${topic.name} currently has ${now} partition(s); ${count} would not be an increase.`;
      return no('INVALID_PARTITIONS', why);
    }
    if (count === now) return no('INVALID_PARTITIONS', `Topic already has ${now} partition(s).`);
    return this.#room(count, count - now, this.#parts.limits);
  }

  /** Adds empty partitions up to `count`. */
  async extend(topic: StoredTopic, count: number): Promise<AdminResult> {
    const checked = this.checkPartitions(topic, count);
    if (checked.ok) await this.#append(topicEntries.extended(topic.id, count));
    return checked;
  }

  /** Whether these can be the settings of a topic. */
  checkConfigs(configs: ReadonlyMap<string, string>): AdminResult {
    for (const [name, value] of configs) {
      const problem = checkConfig(name, value, TOPIC_CONFIGS);
      if (problem) return no('INVALID_CONFIG', problem);
    }
    return { ok: true, value: undefined };
  }

  /**
   * Replaces what is set for a topic by what `change` makes of it.
   * @param validateOnly only checks.
   */
  async configure(
    topicId: string,
    change: (current: ReadonlyMap<string, string>) => AdminResult<ReadonlyMap<string, string>>,
    validateOnly: boolean,
  ): Promise<AdminResult> {
    // Codecs first: the first batch after the change may have to be looked into at once.
    const probe = change(this.#parts.topics.byId(topicId)?.configs ?? new Map());
    if (probe.ok) await this.prepareFor(probe.value);
    // Nothing is awaited from here to the append, so that two changes at a time cannot lose one.
    const topic = this.#parts.topics.byId(topicId);
    if (!topic) return no('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic.');
    const next = change(topic.configs);
    if (!next.ok) return next;
    const checked = this.checkConfigs(next.value);
    if (checked.ok && !validateOnly) await this.#append(topicEntries.configured(topicId, next.value));
    return checked;
  }

  /** Hides the records before `offset` for good and frees their space. */
  async trim(topic: StoredTopic, partition: number, offset: number): Promise<void> {
    await this.#append(topicEntries.trimmed(topic.id, partition, offset));
    topic.partitions[partition]?.dropHidden();
  }

  /** Loads all codecs where the broker has to look into batches. */
  async prepareFor(configs: ReadonlyMap<string, string>): Promise<void> {
    if (!logSettings(configs).compact) return;
    for (const name of COMPRESSION_NAMES) await this.#parts.compression.prepare(name);
  }

  #append(entry: ReturnType<typeof topicEntries.deleted>): Promise<void> {
    return this.#parts.journal.append(entry);
  }

  #room(total: number, added: number, limits: Limits): AdminResult {
    if (total > limits.partitionsPerTopic) {
      return no('INVALID_PARTITIONS', `At most ${limits.partitionsPerTopic} partitions per topic are possible here.`);
    }
    if (this.#parts.topics.partitionCount + added > limits.partitions) {
      return no('POLICY_VIOLATION', `At most ${limits.partitions} partitions in all are possible here.`);
    }
    return { ok: true, value: undefined };
  }

  /** Kafka refuses names that differ in '.' and '_' only, because its metrics cannot tell them apart. */
  #collision(name: string): string | undefined {
    if (!/[._]/.test(name)) return undefined;
    const folded = name.replaceAll('.', '_');
    return this.#parts.topics.list().find((topic) => topic.name.replaceAll('.', '_') === folded)?.name;
  }

  /** A random id; like Kafka's it never begins with '-', which would look like an option in a shell. */
  #newId(): string {
    for (;;) {
      const id = uuidText(this.#parts.crypto.randomBytes(16));
      if (!id.startsWith('-') && !this.#parts.topics.byId(id)) return id;
    }
  }
}
