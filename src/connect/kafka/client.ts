import { ArrayPool } from '../../base/array-pool.js';
import { StreamctlError } from '../../base/errors.js';
import type { Api, RequestInputOf, ResponseOf } from '../../wire/api.js';
import { metadataApi } from '../../wire/apis/03-metadata.js';
import { findCoordinatorApi } from '../../wire/apis/10-find-coordinator.js';
import { joinGroupApi } from '../../wire/apis/11-join-group.js';
import { syncGroupApi } from '../../wire/apis/14-sync-group.js';
import { BrokerConnection } from './broker-connection.js';
import type { Client } from './contracts.js';
import type {
  BrokerAddress,
  ClientEdges,
  ClientSettings,
  ClusterInfo,
  PartitionInfo,
  Target,
  TopicInfo,
} from './interfaces.js';
import { isRetriable, isStale, KafkaFailure } from './kafka-failure.js';
import { clusterOf, MetadataCache } from './metadata.js';
import { Backoff } from './retry.js';

/** How long a topic that the broker does not know is asked for again: a new one takes a moment to be known everywhere. */
const NEW_TOPIC_WAIT_MS = 400;
const NAMES_SHOWN = 10;
/** Bytes of arrays that are kept to be used again: about as much as is fetched ahead. */
const UNUSED_BYTES_MAX = 8 * 1024 * 1024;

/** How a call is made and its answer judged. */
export interface CallOptions<A extends Api> {
  /** The begin of the error message: `cannot join group "g"`. */
  readonly what: string;
  /** The answer's error code; without it every answer is taken. */
  readonly errorOf?: (response: ResponseOf<A>) => number;
  readonly messageOf?: (response: ResponseOf<A>) => string | null;
  readonly timeoutMs?: number;
  readonly maxVersion?: number;
  /** How long retriable failures are retried; 0 for a single try. Default: of the settings. */
  readonly retryTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * A cluster seen from one process: one connection per broker, opened when needed and again after it was lost; metadata
 * and coordinators from a cache that errors make stale; retriable failures retried with backoff.
 */
export class KafkaClient implements Client {
  readonly settings: ClientSettings;
  readonly edges: ClientEdges;
  /** Arrays that long answers are read to; whoever is done with one gives it back. */
  readonly arrays = new ArrayPool(UNUSED_BYTES_MAX);
  readonly #metadata = new MetadataCache();
  /** By `host:port`, with `#channel` behind it where it is one for a single purpose. */
  readonly #connections = new Map<string, Promise<BrokerConnection>>();
  /** Broker ids by `group:NAME` or `transaction:NAME`. */
  readonly #coordinators = new Map<string, number>();
  #connectedOnce = false;
  #channels = 0;
  #closed = false;

  constructor(settings: ClientSettings, edges: ClientEdges) {
    this.settings = settings;
    this.edges = edges;
  }

  cluster(topics?: readonly string[]): Promise<ClusterInfo> {
    return this.#readCluster(topics, this.settings.retryTimeoutMs);
  }

  /** Reads one topic afresh, with a single try: for callers that try again themselves. @throws `broker-unreachable` */
  async refresh(topic: string): Promise<void> {
    await this.#readCluster([topic], 0);
  }

  async #readCluster(topics: readonly string[] | undefined, retryTimeoutMs: number): Promise<ClusterInfo> {
    const body = {
      topics: topics?.map((name) => ({ name })) ?? null,
      allowAutoTopicCreation: false,
    };
    const what = 'cannot read the metadata of the cluster';
    const response = await this.call(metadataApi, body, 'any', { what, retryTimeoutMs });
    const cluster = clusterOf(response);
    this.#metadata.take(cluster, this.edges.clock.elapsed());
    return cluster;
  }

  async topic(name: string): Promise<TopicInfo> {
    const { clock } = this.edges;
    const cached = this.#metadata.topic(name, clock.elapsed() - this.settings.metadataMaxAgeMs);
    if (cached) return cached;
    const deadline = clock.elapsed() + NEW_TOPIC_WAIT_MS;
    const backoff = this.backoff();
    for (;;) {
      const found = (await this.cluster([name])).topics.find((topic) => topic.name === name);
      if (found) return found;
      if (clock.elapsed() >= deadline) throw await this.#unknownTopic(name);
      await clock.sleep(backoff.nextMs());
    }
  }

  /** A partition's leader and epoch. @throws `not-found` when the topic has no such partition. */
  async partition(topic: string, partition: number): Promise<PartitionInfo> {
    const info = await this.topic(topic);
    const found = info.partitions[partition];
    if (found) return found;
    throw new StreamctlError('not-found', `topic "${topic}" has no partition ${partition}`, {
      detail: `its partitions are 0 to ${info.partitions.length - 1}`,
    });
  }

  /** The leader of a partition as far as it is known; undefined when it has to be asked for. */
  leaderNow(topic: string, partition: number): number | undefined {
    const since = this.edges.clock.elapsed() - this.settings.metadataMaxAgeMs;
    return this.#metadata.leader(topic, partition, since);
  }

  /** Makes the next look at `topic` ask the broker. */
  forget(topic: string): void {
    this.#metadata.forget(topic);
  }

  /**
   * Sends a request where `target` says, retrying what is worth it.
   * @throws KafkaFailure for an error code of the answer, `broker-unreachable` when nobody answers.
   */
  async call<A extends Api>(
    api: A,
    body: RequestInputOf<A>,
    target: Target,
    options: CallOptions<A>,
  ): Promise<ResponseOf<A>> {
    const { clock } = this.edges;
    const deadline = clock.elapsed() + (options.retryTimeoutMs ?? this.settings.retryTimeoutMs);
    const backoff = this.backoff();
    for (;;) {
      try {
        // A join waits for all members: nothing else, least of all a commit, should wait behind it.
        const waits = api.key === joinGroupApi.key || api.key === syncGroupApi.key;
        const channel = waits && typeof target === 'object' && 'group' in target ? `#join ${target.group}` : '';
        const connection = await this.connect(target, channel);
        const response = await connection.request(api, body, {
          timeoutMs: options.timeoutMs ?? this.settings.requestTimeoutMs,
          ...(options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion }),
        });
        const code = options.errorOf?.(response) ?? 0;
        if (code === 0) return response;
        throw new KafkaFailure(options.what, code, options.messageOf?.(response));
      } catch (error) {
        const tryAgain = isRetriable(error) && this.#connectedOnce && !this.#closed && !options.signal?.aborted;
        // Also where it is given up: the caller may come again, as heartbeats do.
        if (isStale(error)) this.#forgetTarget(target);
        if (!tryAgain || clock.elapsed() >= deadline) throw error;
        await clock.sleep(backoff.nextMs(), options.signal);
      }
    }
  }

  /**
   * The connection to the broker that `target` means. Brokers answer in order, so requests that wait for something to
   * happen go by a channel of their own.
   * @param channel as {@link newChannel} gives it.
   * @throws `broker-unreachable`
   */
  async connect(target: Target, channel = ''): Promise<BrokerConnection> {
    if (this.#closed) throw new StreamctlError('broker-unreachable', 'the client is closed');
    if (target === 'any') return this.#connectAny();
    if (target === 'controller') {
      if (this.#metadata.controllerId < 0) await this.cluster([]);
      return this.#connectBroker(this.#metadata.controllerId, channel);
    }
    if ('broker' in target) return this.#connectBroker(target.broker, channel);
    if ('leader' in target) {
      const { topic, partition } = target.leader;
      return this.#connectBroker((await this.partition(topic, partition)).leader, channel);
    }
    return this.#connectBroker(await this.#coordinator(target), channel);
  }

  /** A name for connections of a single purpose. */
  newChannel(): string {
    return `#${++this.#channels}`;
  }

  /** Closes the connections of a channel. */
  async closeChannel(channel: string): Promise<void> {
    const names = [...this.#connections.keys()].filter((name) => name.endsWith(channel));
    const open = await Promise.allSettled(names.map((name) => this.#connections.get(name)!));
    for (const result of open) if (result.status === 'fulfilled') result.value.close();
  }

  /** Waiting times as the settings ask for. */
  backoff(): Backoff {
    return new Backoff(this.settings.retryBackoffMs, this.settings.retryBackoffMaxMs, this.edges.random);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const open = await Promise.allSettled(this.#connections.values());
    for (const result of open) if (result.status === 'fulfilled') result.value.close();
    this.#connections.clear();
  }

  #forgetTarget(target: Target): void {
    if (typeof target === 'string') this.#metadata.controllerId = -1;
    else if ('leader' in target) this.forget(target.leader.topic);
    else if ('group' in target || 'transaction' in target) this.#coordinators.delete(coordinatorKey(target));
  }

  async #connectAny(): Promise<BrokerConnection> {
    const failures: StreamctlError[] = [];
    // A broker that is connected already comes first; then those it told of, then the addresses that were given.
    const known = [...this.#connections.keys()].filter((name) => !name.includes('#')).map(addressOf);
    for (const address of unique([...known, ...this.settings.brokers, ...this.#metadata.brokers.values()])) {
      try {
        return await this.#open(address, '');
      } catch (error) {
        if (!isRetriable(error)) throw error;
        failures.push(error as StreamctlError);
      }
    }
    if (failures.length === 1) throw withHint(failures[0]!);
    throw withHint(
      new StreamctlError('broker-unreachable', `none of ${failures.length} brokers answers`, {
        detail: failures.map((failure) => `${failure.message} (${failure.detail ?? 'no reason given'})`).join('; '),
        cause: failures[0],
      }),
    );
  }

  async #connectBroker(id: number, channel: string): Promise<BrokerConnection> {
    let address = this.#metadata.brokers.get(id);
    if (!address && id >= 0) {
      await this.cluster([]);
      address = this.#metadata.brokers.get(id);
    }
    if (!address) {
      throw new StreamctlError(
        'broker-unreachable',
        id < 0 ? 'the partition has no leader at the moment' : `broker ${id} is not known`,
        {
          detail: `known brokers: ${[...this.#metadata.brokers.keys()].join(', ') || 'none'}`,
        },
      );
    }
    return this.#open(address, channel, id);
  }

  #open(address: BrokerAddress, channel: string, id?: number): Promise<BrokerConnection> {
    const name = `${address.host}:${address.port}${channel}`;
    const open = this.#connections.get(name);
    if (open) return open;
    const opening = BrokerConnection.open(address, this.settings, this.edges, this.arrays).then(
      (connection) => {
        this.#connectedOnce = true;
        connection.onClose(() => this.#drop(name, opening));
        if (connection.closed) this.#drop(name, opening);
        return connection;
      },
      (error: unknown) => {
        this.#drop(name, opening);
        throw id === undefined ? error : advertised(error, address, id, this.settings.brokers);
      },
    );
    this.#connections.set(name, opening);
    return opening;
  }

  #drop(name: string, opening: Promise<BrokerConnection>): void {
    if (this.#connections.get(name) === opening) this.#connections.delete(name);
  }

  async #coordinator(target: { readonly group: string } | { readonly transaction: string }): Promise<number> {
    const cacheKey = coordinatorKey(target);
    const cached = this.#coordinators.get(cacheKey);
    if (cached !== undefined) return cached;
    const [name, keyType] = 'group' in target ? [target.group, 0] : [target.transaction, 1];
    const connection = await this.#connectAny();
    const response = await connection.request(
      findCoordinatorApi,
      { key: name, keyType, coordinatorKeys: [name] },
      { timeoutMs: this.settings.requestTimeoutMs },
    );
    const found = response.coordinators[0] ?? response;
    if (found.errorCode !== 0) {
      const kind = keyType === 0 ? 'group' : 'transactional id';
      throw new KafkaFailure(`cannot find the coordinator of ${kind} "${name}"`, found.errorCode, found.errorMessage);
    }
    this.#metadata.brokers.set(found.nodeId, { host: found.host, port: found.port });
    this.#coordinators.set(cacheKey, found.nodeId);
    return found.nodeId;
  }

  async #unknownTopic(name: string): Promise<StreamctlError> {
    const cluster = await this.cluster();
    const names = cluster.topics.filter((topic) => !topic.internal).map((topic) => topic.name);
    const shown = names.slice(0, NAMES_SHOWN).join(', ');
    const more = names.length > NAMES_SHOWN ? `, and ${names.length - NAMES_SHOWN} more` : '';
    const { host, port } = cluster.brokers[0] ?? this.settings.brokers[0]!;
    const count = names.length === 1 ? '1 topic' : `${names.length} topics`;
    return new StreamctlError('not-found', `topic "${name}" does not exist`, {
      detail: `broker ${host}:${port} knows ${names.length === 0 ? 'no topics' : `${count}: ${shown}${more}`}.`,
      hint: `streamctl topics create ${name} --partitions 1`,
    });
  }
}

function coordinatorKey(target: { readonly group: string } | { readonly transaction: string }): string {
  return 'group' in target ? `group:${target.group}` : `transaction:${target.transaction}`;
}

function addressOf(name: string): BrokerAddress {
  const colon = name.lastIndexOf(':');
  return { host: name.slice(0, colon), port: Number(name.slice(colon + 1)) };
}

function unique(addresses: readonly BrokerAddress[]): BrokerAddress[] {
  return [...new Map(addresses.map((address) => [`${address.host}:${address.port}`, address])).values()];
}

function withHint(error: StreamctlError): StreamctlError {
  return new StreamctlError(error.code, error.message, {
    detail: error.detail ?? 'no reason given',
    hint: error.hint ?? 'check the address given with --brokers, and that the broker runs',
    cause: error.cause ?? error,
  });
}

/** A broker that tells clients an address which they cannot reach is the most common misconfiguration. */
function advertised(error: unknown, address: BrokerAddress, id: number, given: readonly BrokerAddress[]): unknown {
  const name = `${address.host}:${address.port}`;
  if (!(error instanceof StreamctlError) || given.some(({ host, port }) => `${host}:${port}` === name)) return error;
  return new StreamctlError(error.code, error.message, {
    detail: `${error.detail ?? 'no reason given'}; broker ${id} gives ${name} as its address`,
    hint: error.hint ?? "the broker's advertised.listeners must name an address that can be reached from here",
    cause: error,
  });
}
