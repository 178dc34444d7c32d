import { StreamctlError } from '../base/errors.js';
import type { FileSystem } from '../base/files.js';
import type { TlsOptions } from '../base/network.js';
import type { SyncPolicy } from '../storage/group-commit.js';
import { HandleCache } from '../storage/handle-cache.js';
import { uuidText } from '../wire/uuid.js';
import { behind } from './behind.js';
import type { Broker, BrokerEdges, BrokerSettings } from './broker.js';
import type { ChaosOptions } from './chaos.js';
import { GroupCoordinator } from './groups/group-coordinator.js';
import { offsetsEndedEntry } from './groups/group-entries.js';
import { HandlerTable } from './handler-table.js';
import { METADATA_FEATURE } from './handlers/18-api-versions.js';
import { loginOffers, offers } from './handlers/index.js';
import { clusterEntry, Identity } from './identity.js';
import { JournalLog } from './journal-log.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import { Maintenance } from './maintenance.js';
import { checkExposure, isLoopback } from './security/exposure.js';
import type { Login } from './security/login.js';
import type { BrokerUser } from './security/users.js';
import { BrokerServer } from './server.js';
import { TopicAdmin } from './topic-admin.js';
import { TopicStore } from './topic-store.js';
import { TransactionCoordinator } from './transactions/transaction-coordinator.js';

/** What a broker is started with. */
export interface BrokerOptions {
  /** Absolute path; made when absent. */
  readonly dataFolder: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where clients are told to connect, when it is not where the broker listens. */
  readonly advertised?: { readonly host: string; readonly port?: number };
  readonly policy?: SyncPolicy;
  readonly limits?: Partial<Limits>;
  readonly autoCreateTopics?: boolean;
  readonly defaultPartitions?: number;
  readonly tls?: TlsOptions;
  /** Who may connect; clients have to log in by SASL then. */
  readonly users?: readonly BrokerUser[];
  /** Listen on an address that others can reach, without TLS or SASL. */
  readonly insecure?: boolean;
  /** Answers that are retriable errors now and then, to test clients. */
  readonly chaos?: ChaosOptions;
  /** Cut off damage even where acknowledged records are lost; the bytes are kept beside the log. */
  readonly repair?: boolean;
  /** Load what answers a kind of request with the first one, to be ready sooner; else before clients can connect. */
  readonly lazy?: boolean;
  /** One line about something a person should know: a repair, a client that was cut off. */
  log?(line: string): void;
}

/** Something that recovery cut off. */
export interface StartRepair {
  readonly path: string;
  readonly position: number;
  readonly bytes: number;
  readonly damage: string;
  /** Where the bytes are now; undefined for a torn tail that nobody was told of. */
  readonly kept?: string;
}

/** A broker that accepts connections. */
export interface RunningBroker {
  readonly broker: Broker;
  readonly host: string;
  readonly port: number;
  readonly repairs: readonly StartRepair[];
  /** Resolves with the error when the broker had to stop by itself: the state of the disk is unknown. */
  readonly failed: Promise<unknown>;
  /** Open connections. */
  connections(): number;
  /** Milliseconds without any connection; 0 while there is one. */
  quietMs(): number;
  /** Stops accepting, syncs everything, closes. @throws `disk-failed` and then what was not synced yet may be lost. */
  close(): Promise<void>;
}

/** What is made before the data is read. */
interface Parts {
  readonly edges: BrokerEdges;
  readonly settings: BrokerSettings;
  readonly identity: Identity;
  readonly journal: JournalLog;
  readonly handles: HandleCache;
  readonly topics: TopicStore;
  readonly admin: TopicAdmin;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  /** Resolves when {@link Parts.die} was called. */
  readonly failed: Promise<unknown>;
  /** Ends everything at once: no acknowledgement leaves any more. */
  die(error: unknown): void;
  /** What has to end too. */
  readonly onDeath: (() => void)[];
}

/**
 * Opens the data folder and listens. The caller holds the lock of the folder.
 * @throws `log-corrupt` `disk-failed` `port-in-use`
 */
export async function startBroker(edges: BrokerEdges, options: BrokerOptions): Promise<RunningBroker> {
  const log = (line: string): void => options.log?.(line);
  const { host, tls, users = [], insecure = false } = options;
  checkExposure({ host, tls: tls !== undefined, users: users.length > 0, insecure });
  const newLogin = users.length > 0 ? await openLogins(edges, users, tls !== undefined || isLoopback(host)) : undefined;
  const handlers = new HandlerTable(newLogin ? [...offers, ...loginOffers] : offers);
  if (!options.lazy) await handlers.loadAll();
  const chaos = options.chaos && new (await import('./chaos.js')).Chaos(options.chaos);
  const parts = makeParts(edges, options);
  try {
    // A disk that fails meanwhile leaves nothing to wait for.
    const dead = parts.failed.then((error): never => {
      throw error;
    });
    const repairs = await Promise.race([openData(parts, options, log), dead]);
    dead.catch(() => {});
    const { broker, listening } = makeBroker(parts, handlers);
    const server = new BrokerServer({
      broker,
      limits: parts.settings.limits,
      handlers,
      newLogin: () => newLogin?.(),
      interfere: (api, request) => chaos?.interfere(api, request),
      onTrouble: (peer, error, bug) => log(describeTrouble(peer, error, bug)),
    });
    parts.onDeath.push(() => void server.close());
    const listener = await server.listen(host, options.port, tls);
    listening(options.advertised?.host ?? host, options.advertised?.port ?? listener.port);
    const maintenance = new Maintenance(edges, parts.topics, log);
    maintenance.start();
    parts.onDeath.push(() => void maintenance.stop());
    return {
      broker,
      host,
      port: listener.port,
      repairs,
      failed: parts.failed,
      connections: () => server.connections,
      quietMs: () => server.quietMs,
      // A sync that fails never ends: whoever waits for it learns why.
      close: () => Promise.race([closeAll(parts, server, maintenance), dead]),
    };
  } catch (error) {
    parts.die(error);
    throw error;
  }
}

/** Who may log in; gives the state of a connection's login. */
async function openLogins(edges: BrokerEdges, users: readonly BrokerUser[], plain: boolean): Promise<() => Login> {
  const [{ Login }, { UserTable }] = await Promise.all([import('./security/login.js'), import('./security/users.js')]);
  const table = new UserTable(users, plain, edges.crypto);
  return () => new Login(table, edges.crypto);
}

function makeParts(edges: BrokerEdges, options: BrokerOptions): Parts {
  const { clock, files, crypto, compression } = edges;
  const settings: BrokerSettings = {
    policy: options.policy ?? 'always',
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    autoCreateTopics: options.autoCreateTopics ?? true,
    defaultPartitions: options.defaultPartitions ?? 1,
    dataFolder: options.dataFolder,
    securityProtocol: `${options.users?.length ? 'SASL_' : ''}${options.tls ? 'SSL' : 'PLAINTEXT'}`,
  };
  const { policy, limits, dataFolder } = settings;
  let report: (error: unknown) => void = () => {};
  const failed = new Promise<unknown>((resolve) => {
    report = resolve;
  });
  const onDeath: (() => void)[] = [];
  const die = (error: unknown): void => {
    for (const action of onDeath.splice(0)) action();
    report(error);
  };
  const handles = new HandleCache(files);
  const journal = new JournalLog();
  const identity = new Identity();
  const repair = options.repair ?? false;
  const topics = new TopicStore({ files, clock, compression, handles, policy, repair, onFatal: die }, dataFolder);
  journal.register(identity);
  journal.register(topics);
  const admin = new TopicAdmin({ topics, journal, files, crypto, compression, limits, dataFolder });
  const newId = (): string => uuidText(crypto.randomBytes(16));
  const groups = new GroupCoordinator({ clock, journal, topics, newId });
  const transactions = new TransactionCoordinator({ clock, journal, topics, endOffsets: offsetsEndedEntry });
  onDeath.push(
    () => groups.close(),
    () => transactions.close(),
    () => topics.abandon(),
    () => journal.abandon(),
    () => handles.close(),
  );
  return { edges, settings, identity, journal, handles, topics, admin, groups, transactions, failed, die, onDeath };
}

/** Replays the journal, recovers the logs, ends what was left half done. */
async function openData(parts: Parts, options: BrokerOptions, log: (line: string) => void): Promise<StartRepair[]> {
  const { edges, settings, journal, topics, identity, admin, groups, transactions } = parts;
  const { files, clock, crypto } = edges;
  makeDataFolder(files, settings.dataFolder);
  const cut = journal.open({
    files,
    clock,
    folder: `${settings.dataFolder}/journal`,
    parents: [settings.dataFolder],
    policy: settings.policy,
    repair: options.repair ?? false,
    onFatal: parts.die,
  });
  const keep = (folder: string): void => log(`${folder} is of a topic that is not known any more; it is kept`);
  const repairs: StartRepair[] = [...cut, ...topics.open(cut.length > 0 ? keep : undefined)];
  for (const repair of repairs) log(describeRepair(repair));
  if (identity.clusterId === '') await journal.append(clusterEntry(uuidText(crypto.randomBytes(16))));
  for (const topic of topics.list()) await admin.prepareFor(topic.configs);
  topics.onDeleted((topic) => behind(() => groups.offsets.forgetTopic(topic.name)));
  groups.start();
  const orphans = await transactions.start(topics.producers());
  if (orphans > 0) log(`${orphans} transactions that nobody owned were aborted`);
  return repairs;
}

/** Makes the data folder so that it is there after a power loss, with every folder above it that may be new. */
function makeDataFolder(files: FileSystem, folder: string): void {
  if (files.exists(`${folder}/journal`)) return;
  files.makeFolder(folder);
  for (let path = folder; path !== ''; ) {
    path = path.slice(0, path.lastIndexOf('/'));
    try {
      files.syncFolder(path === '' ? '/' : path);
    } catch (error) {
      // A folder that we may not even read was there before us.
      if (error instanceof StreamctlError && path !== '' && error.code === 'disk-failed') return;
      throw error;
    }
  }
}

function makeBroker(
  parts: Parts,
  { apis }: HandlerTable,
): { broker: Broker; listening(host: string, port: number): void } {
  const { edges, settings, identity, journal, topics, admin, groups, transactions } = parts;
  const broker = {
    edges,
    settings,
    nodeId: 0,
    clusterId: identity.clusterId,
    host: '',
    port: 0,
    apis,
    features: [METADATA_FEATURE, TRANSACTION_FEATURE],
    journal,
    topics,
    admin,
    groups,
    transactions,
  };
  const listening = (host: string, port: number): void => {
    broker.host = host;
    broker.port = port;
  };
  return { broker, listening };
}

/** Makes clients bump the producer epoch with each transaction. @see KIP-890 */
const TRANSACTION_FEATURE = { name: 'transaction.version', min: 0, max: 2, level: 2 };

async function closeAll(parts: Parts, server: BrokerServer, maintenance: Maintenance): Promise<void> {
  parts.onDeath.length = 0;
  await server.close();
  await maintenance.stop();
  parts.groups.close();
  parts.transactions.close();
  await parts.topics.close();
  await parts.journal.close();
  parts.handles.close();
}

function describeRepair({ path, position, bytes, damage, kept }: StartRepair): string {
  const where = kept ? `; they are kept in ${kept}` : '';
  return `${path}: ${bytes} bytes behind byte ${position} were cut off (${damage})${where}`;
}

function describeTrouble(peer: string, error: unknown, bug: boolean): string {
  const text = error instanceof Error ? (bug ? (error.stack ?? error.message) : error.message) : String(error);
  return `${peer} was cut off: ${text}`;
}
