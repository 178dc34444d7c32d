import { fromUtf8, utf8 } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { FileSystem } from '../base/files.js';

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
