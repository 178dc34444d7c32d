import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';

/** The log of background brokers is begun anew when it has grown beyond this. */
const LOG_BYTES_MAX = 1 << 20;

/** A broker process that was started in the background. */
export interface SpawnedBroker {
  /** Its exit code once it has ended, null when it could not be started; undefined while it runs. */
  readonly code: number | null | undefined;
  /** What it writes. */
  readonly logPath: string;
}

/** Starts the broker of a data folder as a process of its own and returns at once. */
export type SpawnBroker = (folder: string) => SpawnedBroker;

/**
 * Starts `node SCRIPT broker serve --data FOLDER FLAGS` detached: it outlives this process and its terminal.
 * `broker serve` ends with exit code 0 when another process is the folder's broker already.
 * @param script path of the program's launcher.
 * @param secrets variables for its environment: what must not be seen in the list of processes.
 */
export function spawnBroker(
  script: string,
  flags: readonly string[] = [],
  secrets: Readonly<Record<string, string>> = {},
): SpawnBroker {
  return (folder) => {
    mkdirSync(folder, { recursive: true });
    const logPath = `${folder}/broker.log`;
    const log = openSync(logPath, isLarge(logPath) ? 'w' : 'a');
    const child = spawn(process.execPath, [script, 'broker', 'serve', '--data', folder, ...flags], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: folder,
      env: { ...process.env, ...secrets },
      windowsHide: true,
    });
    closeSync(log);
    const state: { code: number | null | undefined; logPath: string } = { code: undefined, logPath };
    child.once('exit', (code) => {
      state.code = code;
    });
    child.once('error', () => {
      state.code = null;
    });
    child.unref();
    return state;
  };
}

function isLarge(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return size > LOG_BYTES_MAX;
}
