import { fromUtf8 } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { BrokerFile } from './broker-file.js';
import { type FindEdges, findBroker } from './find-broker.js';
import type { SpawnBroker, SpawnedBroker } from './spawn-broker.js';

/** Longest wait for a broker: recovery of large logs after kill -9 takes its time. */
const START_MS = 30_000;
/** Pause between two looks; a broker is ready within a fifth of a second. */
const LOOK_MS = 5;
/** How long the winner of a race may take before we try ourselves again. */
const LOST_RACE_MS = 1_000;
/** Lines of the broker's log that an error shows. */
const LOG_LINES = 3;

/** How {@link ensureBroker} goes about it. */
export interface EnsureOptions {
  readonly spawn: SpawnBroker;
  readonly timeoutMs?: number;
}

/**
 * The broker of a data folder, started in the background when none runs. Any number of processes may do this at the same
 * time: one of the brokers they start wins the folder; the others end at once with exit code 0.
 * @throws `broker-unreachable` when it does not come up.
 */
export async function ensureBroker(edges: FindEdges, folder: string, options: EnsureOptions): Promise<BrokerFile> {
  const { clock } = edges;
  const deadlineMs = clock.elapsed() + (options.timeoutMs ?? START_MS);
  let spawned: SpawnedBroker | undefined;
  let retryAtMs = 0;
  for (;;) {
    const found = await findBroker(edges, folder);
    if (found) return found;
    const nowMs = clock.elapsed();
    const { code } = spawned ?? {};
    if (spawned && (nowMs > deadlineMs || (code !== undefined && code !== 0)))
      throw unreachable(edges, folder, spawned);
    if (!spawned || (code === 0 && nowMs > retryAtMs)) {
      spawned = options.spawn(folder);
      retryAtMs = nowMs + LOST_RACE_MS;
    }
    await clock.sleep(LOOK_MS);
  }
}

function unreachable(edges: FindEdges, folder: string, { logPath, code }: SpawnedBroker): StreamctlError {
  const text = edges.files.exists(logPath) ? fromUtf8(edges.files.readFile(logPath)) : '';
  const lines = text.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  const what = code === undefined ? 'did not get ready in time' : 'could not start';
  return new StreamctlError('broker-unreachable', `the embedded broker of ${folder} ${what}`, {
    detail: lines === '' ? 'It said nothing.' : lines,
    hint: `see ${logPath}, or try in the foreground: streamctl broker start`,
  });
}
