import { fromUtf8, utf8 } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { FileSystem } from '../base/files.js';

/** What a broker demands of its clients. */
export interface BrokerSecurity {
  /** Value of `security.protocol`. */
  readonly protocol: 'ssl' | 'sasl_plaintext' | 'sasl_ssl';
  /** Whether clients have to show a certificate. */
  readonly clientCertificate: boolean;
}

/** What `broker.json` in a data folder says about the broker that runs, or ran when it was killed. */
export interface BrokerFile {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  /** Version of the program. */
  readonly version: string;
  /** Id of the data folder: tells whether what listens on the port is this broker. */
  readonly clusterId: string;
  readonly startedAtMs: number;
  /** Whether it stops by itself when nobody is connected. */
  readonly stopsWhenIdle: boolean;
  /** What clients have to set; absent where anybody may connect as they are. */
  readonly security?: BrokerSecurity;
  /** Where it is reached on this machine, when clients are told another address. */
  readonly nearby?: { readonly host: string; readonly port: number };
}

/** Where clients are told to connect, as `--brokers` takes it. */
export function brokerAddress({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Path of the file in a data folder. */
export function brokerFilePath(folder: string): string {
  return `${folder}/broker.json`;
}

/** Writes the file so that no reader ever sees half of it. @throws `disk-failed` */
export function writeBrokerFile(files: FileSystem, folder: string, content: BrokerFile): void {
  files.replaceFile(brokerFilePath(folder), utf8(`${JSON.stringify(content, null, 2)}\n`));
}

/** Reads the file; undefined when it is absent or makes no sense. */
export function readBrokerFile(files: FileSystem, folder: string): BrokerFile | undefined {
  const path = brokerFilePath(folder);
  if (!files.exists(path)) return undefined;
  try {
    const content = JSON.parse(fromUtf8(files.readFile(path))) as Partial<BrokerFile> | null;
    const { pid, host, port, clusterId } = content ?? {};
    const whole = typeof pid === 'number' && typeof host === 'string' && typeof port === 'number';
    return whole && typeof clusterId === 'string' ? (content as BrokerFile) : undefined;
  } catch (error) {
    // Removed meanwhile, or written by something else: as good as absent.
    if (error instanceof StreamctlError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
