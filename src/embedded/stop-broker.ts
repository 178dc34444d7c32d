import { StreamctlError } from '../base/errors.js';
import { type BrokerFile, readBrokerFile } from './broker-file.js';
import { type FindEdges, findBroker } from './find-broker.js';
import { lockFolder } from './owner-lock.js';

/** Longest wait for a broker to sync and close. */
const STOP_MS = 15_000;
const LOOK_MS = 20;

/** What stopping needs of the world. */
export interface StopEdges extends FindEdges {
  /** Asks a process to end; the default sends SIGTERM. */
  terminate?(pid: number): void;
}

/**
 * Ends the broker of a data folder and waits until the folder is free.
 * @returns what ran, undefined when nothing did.
 * @throws `timeout` when it does not end.
 */
export async function stopBroker(edges: StopEdges, folder: string): Promise<BrokerFile | undefined> {
  const { clock } = edges;
  const running = await findBroker(edges, folder);
  if (!running) return undefined;
  terminate(edges, running.pid);
  const deadlineMs = clock.elapsed() + STOP_MS;
  for (;;) {
    const lock = await lockFolder(edges, folder);
    if (lock) {
      await lock.release();
      return running;
    }
    // A successor that took the folder at once is not the one we had to stop.
    const present = readBrokerFile(edges.files, folder);
    if (present && present.pid !== running.pid) return running;
    if (clock.elapsed() > deadlineMs) {
      throw new StreamctlError('timeout', `the broker with pid ${running.pid} does not stop`, {
        detail: `It was asked to ${STOP_MS / 1000} s ago.`,
        hint: `kill -9 ${running.pid} ends it; what was acknowledged is not lost`,
      });
    }
    await clock.sleep(LOOK_MS);
  }
}

/**
 * Stops the broker of a data folder and removes everything in the folder.
 * @throws `folder-owned` when another broker takes the folder meanwhile; `timeout` `disk-failed`
 */
export async function resetBroker(edges: StopEdges, folder: string): Promise<void> {
  await stopBroker(edges, folder);
  if (!edges.files.exists(folder)) return;
  const lock = await lockFolder(edges, folder);
  if (!lock) {
    throw new StreamctlError('folder-owned', `another process has just become the broker of ${folder}`, {
      hint: 'stop whatever uses it, then try again',
    });
  }
  try {
    edges.files.remove(folder);
  } finally {
    await lock.release();
  }
}

function terminate(edges: StopEdges, pid: number): void {
  try {
    if (edges.terminate) edges.terminate(pid);
    else process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself meanwhile.
  }
}
