import type { Compression, Crypto } from '../../../base/codec-interfaces.js';
import { StreamctlError } from '../../../base/errors.js';
import type { FileSystem } from '../../../base/files.js';
import type { HttpClient } from '../../../base/http.js';
import type { Network } from '../../../base/network.js';
import type { Random } from '../../../base/random.js';
import type { JsonValue } from '../../../base/row-batch.js';
import type { Clock } from '../../../base/time.js';
import { stringifyJson } from '../../../ui/output/json.js';
import type { OutputMode } from '../../../ui/output/view.js';
import { type Language, sayIn } from '../../../ui/text/say.js';
import { detectStyle } from '../../../ui/text/style.js';
import type { ExpectedRecords } from '../records/expect.js';
import type { BrokerAccess, BrokerSettings } from '../settings/broker-settings.js';
import type { Configuration } from '../settings/configuration.js';
import { longName } from '../settings/global-flags.js';
import { isSecretKey, type Secrets } from '../settings/secrets.js';
import type { Resolved } from '../settings/settings.js';
import type { CommandSpec } from './command.js';
import type { ConfigurationInfo, Context, InputStream, Output, ProgramIdentity } from './context.js';
import { type FlagValue, splitList } from './flag-values.js';
import type { Messages } from './messages.js';
import type { StopControl } from './stop-control.js';

/** The outside world as main hands it over. */
export interface Edges {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly network: Network;
  readonly http: HttpClient;
  readonly crypto: Crypto;
  readonly compression: Compression;
  readonly random: Random;
  readonly stdin: InputStream;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly folder: string;
  /** `resolve` of node:path. */
  readonly resolve: (...parts: string[]) => string;
  /** Finds or starts the embedded broker of a data folder and gives its `host:port`. */
  readonly embedded: (context: Context) => Promise<string>;
  readonly program: ProgramIdentity;
}

/** What a context is made of. */
export interface ContextParts {
  readonly edges: Edges;
  readonly spec: CommandSpec;
  readonly configuration: Configuration;
  /** Global flags, and those for mutating and streaming commands. */
  readonly globals: Readonly<Record<string, Resolved>>;
  readonly messages: Messages;
  readonly secrets: Secrets;
  readonly stream: StopControl;
  readonly expected: ExpectedRecords | undefined;
}

const DEFAULT_PORT = '9092';
const MASK = '***';

/** Builds what a command sees of the world. */
export function makeContext(parts: ContextParts): Context {
  const { edges, configuration, globals, messages, stream } = parts;
  const value = (key: string): FlagValue | undefined => globals[key]?.value;
  const output = outputMode(globals);
  const broker = brokerSettings(parts, value('brokers') as string | undefined);
  const { stdout } = edges;
  const color = value('color') as 'auto' | 'always' | 'never';
  let access: Promise<BrokerAccess> | undefined;
  const connect = async (): Promise<BrokerAccess> => {
    const { bootstrapServers, properties } = broker;
    if (bootstrapServers) return { bootstrapServers, properties, embedded: false };
    return { bootstrapServers: [await edges.embedded(context)], properties, embedded: true };
  };
  const context: Context = {
    clock: edges.clock,
    files: edges.files,
    network: edges.network,
    http: edges.http,
    crypto: edges.crypto,
    compression: edges.compression,
    random: edges.random,
    env: configuration.env,
    secrets: parts.secrets,
    folder: edges.folder,
    stateFolder: edges.resolve(configuration.projectFolder, '.streamctl'),
    stdin: edges.stdin,
    stdout,
    stderr: edges.stderr,
    output,
    machine: output === 'json' || output === 'ndjson',
    quiet: value('quiet') === true,
    verbose: value('verbose') === true,
    style: detectStyle(
      { isTTY: stdout.isTerminal, columns: stdout.columns, rows: stdout.rows },
      configuration.env,
      color,
    ),
    say: sayIn(value('lang') as Language),
    yes: value('yes') === true,
    dryRun: value('dryRun') === true,
    timeoutMs: value('timeout') as number | undefined,
    signal: stream.signal,
    stream,
    configuration: {
      projectFile: configuration.projectFile,
      userFile: configuration.userFile,
      contextName: configuration.contextName,
      typed: configuration.typed,
      settings: listSettings(parts),
    },
    broker,
    connectBroker(again = false) {
      if (again) access = undefined;
      access ??= connect();
      return access;
    },
    compareRecord: parts.expected && ((record) => parts.expected?.add(record)),
    record: recordWriter(stdout, output, parts.expected),
    note: (text) => messages.note(text),
    warn: (text) => messages.warn(text),
    debug: (text) => messages.debug(text),
    progress: (text) => messages.progress(text),
    program: edges.program,
    resolvePath: (path) => edges.resolve(edges.folder, path),
  };
  return context;
}

/** Every global setting with its source; the values of secrets stay hidden. */
function listSettings({ globals, configuration, secrets }: ContextParts): ConfigurationInfo['settings'] {
  const flags = Object.entries(globals)
    .filter(([key, { value }]) => key !== 'property' && key !== 'json' && value !== undefined)
    .map(([key, { value, source }]) => ({ name: longName(key), value: value as JsonValue, source }));
  const properties = Object.entries(configuration.properties).map(([name, text]) => ({
    name,
    value: isSecretKey(name) ? MASK : secrets.redact(text),
    source: 'properties',
  }));
  return [...flags, ...properties];
}

/** `--json` is `--output json`; what is nearer to the person wins when both are set. */
export function outputMode(globals: Readonly<Record<string, Resolved>>): OutputMode {
  const json = globals.json;
  const output = globals.output;
  const jsonWins = json?.value === true && (json.source === 'flag' || output?.source !== 'flag');
  return jsonWins && output?.value !== 'ndjson' ? 'json' : ((output?.value as OutputMode | undefined) ?? 'text');
}

function brokerSettings(parts: ContextParts, brokers: string | undefined): BrokerSettings {
  const { edges, configuration, secrets, spec } = parts;
  const isFlag = new Set([...Object.keys(parts.globals), ...Object.keys(spec.flags)].map(longName));
  const written = Object.entries(configuration.properties).filter(([key]) => !isFlag.has(key));
  const named = brokers ?? configuration.properties['bootstrap.servers'];
  const servers = splitList(secrets.resolve(named ?? '')).map((server) =>
    /:\d+$/.test(server) ? server : `${server}:${DEFAULT_PORT}`,
  );
  // `-b "$KAFKA"` with KAFKA unset must not turn to the embedded broker unasked.
  if (parts.globals.brokers?.source === 'flag' && servers.length === 0) {
    throw new StreamctlError('usage', '--brokers names no broker', {
      hint: 'write host:port, or leave it out for the embedded broker of this folder',
    });
  }
  let properties: Readonly<Record<string, string>> | undefined;
  return {
    bootstrapServers: servers.length > 0 && named !== 'embedded' ? servers : undefined,
    embeddedFolder: edges.resolve(configuration.projectFolder, '.streamctl', 'broker'),
    // Secrets are looked up when somebody connects: commands that do not can do without them.
    get properties() {
      properties ??= Object.fromEntries(written.map(([key, text]) => [key, secrets.resolve(text)]));
      return properties;
    },
  };
}

/** Records of a stream: lines of JSON for programs, `text` for people. */
function recordWriter(stdout: Output, output: OutputMode, expected: ExpectedRecords | undefined): Context['record'] {
  return (record, text) => {
    if (expected && (record.type === 'record' || record.type === 'window')) expected.add(record);
    const forPeople = (output === 'text' || output === 'wide' || output === 'tsv') && text !== undefined;
    // JSON is YAML: a stream of documents needs no other writer.
    const lead = output === 'yaml' ? '---\n' : '';
    stdout.write(forPeople ? `${text}\n` : `${lead}${stringifyJson(record)}\n`);
  };
}
