import { StreamctlError } from '../base/errors.js';
import type { Fetcher } from '../connect/kafka/contracts.js';
import type { DashboardSnapshot } from '../plan/snapshot.js';
import type { Connection } from './connection.js';
import { eachRecord } from './each-record.js';
import { type FollowedRun, type RunPlace, STATUS_STALE_MS } from './interfaces.js';
import { statusTopic } from './internal-topics.js';
import { mergeSnapshots } from './merge-snapshots.js';
import { openConnection } from './open-connection.js';
import { decodeStatus, type StatusRecord } from './status-record.js';

/** Longest wait of one look for new records. */
const LOOK_EVERY_MS = 500;
/** Records looked at from the end of the topic for the newest status. */
const LAST_RECORDS = 16;

/** What a {@link FollowedRun} is made of. */
export interface FollowOptions {
  readonly place: RunPlace;
  readonly pipeline: string;
  /** Called for every new look. */
  readonly onSnapshot?: (snapshot: DashboardSnapshot) => void;
}

/**
 * Follows a run through its status topic, wherever it goes on.
 * @returns undefined when there is no status topic, so no run ever was.
 * @throws `broker-unreachable`
 */
export async function followStatus(options: FollowOptions): Promise<FollowedRun | undefined> {
  const { place, pipeline } = options;
  const topic = statusTopic(pipeline);
  const connection = openConnection(await place.connect(), place.edges);
  try {
    const { topics } = await connection.client.cluster([topic]);
    if (!topics.some(({ name }) => name === topic)) {
      await connection.close();
      return undefined;
    }
    const partition = { topic, partition: 0 };
    const [start] = await connection.offsets([partition], 'start');
    const [end] = await connection.offsets([partition], 'end');
    const fetcher = connection.fetcher({ onOffsetGone: 'earliest' });
    fetcher.assign([{ ...partition, offset: Math.max(start!.offset, end!.offset - LAST_RECORDS) }]);
    const follower = new StatusFollower(options, connection, fetcher);
    await follower.readUpTo(end!.offset);
    follower.begin();
    return follower;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class StatusFollower implements FollowedRun {
  done: Promise<void> = Promise.resolve();
  readonly #options: FollowOptions;
  readonly #connection: Connection;
  readonly #fetcher: Fetcher;
  /** The newest look of each worker that is not gone. */
  #looks: readonly StatusRecord[] = [];
  #stopping = false;

  constructor(options: FollowOptions, connection: Connection, fetcher: Fetcher) {
    this.#options = options;
    this.#connection = connection;
    this.#fetcher = fetcher;
  }

  snapshot(): DashboardSnapshot | undefined {
    return this.#looks.length === 0 ? undefined : mergeSnapshots(this.#looks.map(({ snapshot }) => snapshot));
  }

  ageMs(): number | undefined {
    const atMs = this.snapshot()?.atMs;
    return atMs === undefined ? undefined : Math.max(0, this.#options.place.edges.clock.now() - atMs);
  }

  stop(): Promise<void> {
    this.#stopping = true;
    this.#fetcher.wake();
    return this.done;
  }

  /** Reads what is there already, so that the first look is not an empty one. */
  async readUpTo(endOffset: number): Promise<void> {
    const partition = { topic: statusTopic(this.#options.pipeline), partition: 0 };
    while ((this.#fetcher.position(partition) ?? 0) < endOffset) {
      if (!(await this.#look())) return;
    }
  }

  begin(): void {
    this.done = this.#follow();
    // Whoever holds `done` sees the error; nobody has to.
    this.done.catch(() => undefined);
  }

  async #follow(): Promise<void> {
    try {
      while (!this.#stopping) await this.#look();
    } finally {
      await this.#fetcher.close().catch(() => undefined);
      await this.#connection.close().catch(() => undefined);
    }
  }

  /** False when nothing came. */
  async #look(): Promise<boolean> {
    const fetched = await this.#fetcher.next(LOOK_EVERY_MS);
    if (!fetched) return false;
    eachRecord(fetched, this.#options.place.edges.compression, (cursor) => this.#take(cursor.value()));
    return true;
  }

  #take(value: Uint8Array | null): void {
    if (value === null) return;
    try {
      this.#looks = present(this.#looks, decodeStatus(value));
    } catch (error) {
      // Another version wrote it: there is nothing to show of it.
      if (error instanceof StreamctlError && error.code === 'bad-data') return;
      throw error;
    }
    this.#options.onSnapshot?.(this.snapshot()!);
  }
}

/** The workers that are there beside the one that was heard last: one that has ended is of interest only when all have. */
function present(looks: readonly StatusRecord[], newest: StatusRecord): readonly StatusRecord[] {
  const all = [...looks.filter(({ runId }) => runId !== newest.runId), newest];
  const fresh = all.filter(({ snapshot }) => newest.snapshot.atMs - snapshot.atMs <= STATUS_STALE_MS);
  const working = fresh.filter(({ snapshot: { state } }) => state !== 'done' && state !== 'failed');
  return working.length > 0 ? working : [newest];
}
