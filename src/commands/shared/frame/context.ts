import type { Compression, Crypto } from '../../../base/codec-interfaces.js';
import type { FileSystem } from '../../../base/files.js';
import type { HttpClient } from '../../../base/http.js';
import type { Network } from '../../../base/network.js';
import type { Random } from '../../../base/random.js';
import type { JsonValue } from '../../../base/row-batch.js';
import type { Clock } from '../../../base/time.js';
import type { StartWorker } from '../../../run/worker-link.js';
import type { OutputMode } from '../../../ui/output/view.js';
import type { Say } from '../../../ui/text/say.js';
import type { Style } from '../../../ui/text/style.js';
import type { BrokerAccess, BrokerSettings } from '../settings/broker-settings.js';
import type { CompletionNode } from './completion.js';
import type { StreamControl } from './stream-control.js';

/** Where bytes or text go. A closed pipe makes every later call a no-op and aborts `context.signal`. */
export interface Output {
  readonly isTerminal: boolean;
  /** Size of the terminal, or 80 x 24. Read it again after a resize. */
  readonly columns: number;
  readonly rows: number;
  /** Queues; the array must not be changed while anything is {@link pending}. */
  write(chunk: string | Uint8Array): void;
  /** Bytes queued and not yet handed to the kernel. */
  pending(): number;
  /** Resolves when little enough is queued that a writer should go on (at once in the usual case). */
  ready(): Promise<void>;
  /** Calls `handler` when the terminal changed its size; returns how to stop that. */
  onResize(handler: () => void): () => void;
  /** The Node stream, for spinners and screens; absent in tests. */
  readonly node?: NodeJS.WriteStream;
}

/** Standard input. */
export interface InputStream {
  readonly isTerminal: boolean;
  /** The bytes as they come; ends at end of input. May be read once. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Raw key presses of a terminal until the returned function is called. */
  keys(handler: (bytes: Uint8Array) => void): () => void;
}

/** All that a command may touch. Made by main.ts (tests make their own); nothing below reaches around it. */
export interface Context {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly network: Network;
  readonly http: HttpClient;
  readonly crypto: Crypto;
  readonly compression: Compression;
  readonly random: Random;
  /** Environment, `.env` included. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Secrets by reference; see {@link SecretAccess}. */
  readonly secrets: SecretAccess;
  /** Absolute path of the working folder. */
  readonly folder: string;
  /** `.streamctl` beside the nearest streamctl.yaml, else in the working folder. Absolute; may not exist yet. */
  readonly stateFolder: string;
  readonly stdin: InputStream;
  /** Data only. */
  readonly stdout: Output;
  readonly stderr: Output;

  readonly output: OutputMode;
  /** `--json`, `--output json` or `ndjson`: a program reads the output. */
  readonly machine: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Colours and glyphs that stdout may show, and its size. */
  readonly style: Style;
  /** Says things in the person's language. */
  readonly say: Say;
  /** `-y`: do not ask. */
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly timeoutMs: number | undefined;

  /** Aborts at the first Ctrl-C or SIGTERM, at a closed stdout, at `--timeout`, and for streams when `--until` holds. */
  readonly signal: AbortSignal;
  /** Present where the spec says `streaming`. */
  readonly stream: StreamControl;

  /** Where settings came from, for `config show` and `context`. */
  readonly configuration: ConfigurationInfo;
  /** Which broker the configuration names; nothing is dialled or started by reading it. */
  readonly broker: BrokerSettings;
  /**
   * The address to dial; starts the embedded broker first where none is named.
   * @param again asks anew, after the broker was gone: an embedded one may be elsewhere now.
   * @throws `broker-unreachable`
   */
  connectBroker(again?: boolean): Promise<BrokerAccess>;

  /** Writes one record of a stream: a line of NDJSON, or `text` in text mode. `type` is `record|window|progress|late|rejected`. */
  record(record: { readonly type: string } & Readonly<Record<string, unknown>>, text?: string): void;
  /** Shows a record to `--expect-file` that goes out without {@link record}; undefined where nothing is compared. */
  readonly compareRecord: ((record: unknown) => void) | undefined;
  /** A line to stderr for the person; nothing with `-q`. */
  note(text: string): void;
  /** The same, marked as a warning; shown with `-q` too. */
  warn(text: string): void;
  /** A line to stderr with `-v` only. */
  debug(text: string): void;
  /** A spinner line on a terminal, replaced by the next one; elsewhere and with `-q` nothing. Undefined ends it. */
  progress(text: string | undefined): void;
  /** This program, for processes of its own. */
  readonly program: ProgramIdentity;
  /** Absolute path of what the person wrote. */
  resolvePath(path: string): string;
}

/** What a process of ours is. */
export interface ProgramIdentity {
  readonly version: string;
  /** Absolute path of bin/streamctl.js. */
  readonly launcher: string;
  /** Absolute path of a file that the program brings along in fixtures/, whether it is there or not. */
  fixture(path: string): string;
  /** Starts a worker of `run --parallel` in a thread of its own. */
  readonly startWorker: StartWorker;
  readonly pid: number;
  /** What it runs on. */
  host(): Promise<HostFacts>;
  /** The tree of commands as shells complete it. */
  completionNodes(): Promise<readonly CompletionNode[]>;
}

/** The machine and the runtime, for people to read. */
export interface HostFacts {
  /** `node 20.19.0`. */
  readonly runtime: string;
  /** `linux x64`. */
  readonly platform: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Whether CRC-32C is done by the processor. */
  readonly nativeChecksums: boolean;
}

/** Secrets by reference. Flag values have theirs replaced already. */
export interface SecretAccess {
  /** Replaces `${env:X}`, `${file:/run/x}` and `${exec:cmd}` in `text`. @throws `not-found`, `usage` */
  resolve(text: string): string;
  /** `text` with every secret that was read so far replaced by `***`. Messages go through it by themselves. */
  redact(text: string): string;
}

/** What the sources of configuration gave. */
export interface ConfigurationInfo {
  readonly projectFile: string | undefined;
  readonly userFile: string | undefined;
  readonly contextName: string | undefined;
  /** `--brokers` and `-X` of this command line, secrets not replaced. */
  readonly typed: { readonly brokers: string | undefined; readonly properties: Readonly<Record<string, string>> };
  /** Global flags and client properties, secrets masked. */
  readonly settings: readonly { readonly name: string; readonly value: JsonValue; readonly source: string }[];
}
