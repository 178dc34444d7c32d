import type { Clock, Timer } from '../base/time.js';

/**
 * When written bytes go to the disk: before the acknowledgement, every so often behind it, or when the operating
 * system likes.
 */
export type SyncPolicy = 'always' | 'interval' | 'never';

/** Time between two syncs under the policy `interval`. */
export const SYNC_INTERVAL_MS = 1000;

/** What a group commit drives. `Mark` says how far the file was written when a sync began. */
export interface GroupCommitOptions<Mark> {
  readonly policy: SyncPolicy;
  readonly clock: Clock;
  /** How far the file is written now. */
  mark(): Mark;
  /** fdatasync of the file that is being written. */
  sync(): Promise<void>;
  /** Everything up to `mark` is on the disk. Called before the waiters resume. */
  onDurable(mark: Mark): void;
  /** A sync failed: what the page cache holds is unknown from here on, the process has to end. */
  onFatal(error: unknown): void;
}

interface Round {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

const DONE = Promise.resolve();

function newRound(): Round {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/**
 * Syncs one file for many writers: one fdatasync at a time, and everybody who wrote while it ran shares the next.
 * A round begins in a microtask, so that all requests of one network read are in it.
 */
export class GroupCommit<Mark> {
  readonly #options: GroupCommitOptions<Mark>;
  #dirty = false;
  #running: Round | undefined;
  /** Settles when the sync that runs is over. */
  #synced: Promise<void> = DONE;
  #next: Round | undefined;
  #timer: Timer | undefined;
  #failed = false;
  #released = false;

  constructor(options: GroupCommitOptions<Mark>) {
    this.#options = options;
  }

  /** Tells that bytes were written. */
  wrote(): void {
    this.#dirty = true;
    if (this.#options.policy === 'interval' && !this.#timer) {
      this.#timer = this.#options.clock.after(SYNC_INTERVAL_MS, () => this.#onInterval(), true);
    }
  }

  /** Resolves when everything written so far may be acknowledged under the policy. Never after a failed sync. */
  durable(): Promise<void> {
    return this.#options.policy === 'always' ? this.flush() : DONE;
  }

  /** Resolves when everything written so far is on the disk, whatever the policy. */
  flush(): Promise<void> {
    if (this.#next) return this.#next.promise;
    if (this.#released) return DONE;
    if (!this.#dirty && !this.#failed) return this.#running?.promise ?? DONE;
    this.#next = newRound();
    if (!this.#running) queueMicrotask(() => this.#begin());
    return this.#next.promise;
  }

  /** Resolves when no sync is under way: the file's handle may be closed. */
  async idle(): Promise<void> {
    while (this.#running) await this.#synced;
  }

  /** Bytes written so far were synced by other means (a rolled segment). */
  clean(): void {
    this.#dirty = false;
  }

  /**
   * Ends it: no sync begins any more.
   * @param release whether those who wait are let go (the file is about to be removed) or never (the broker is dead).
   */
  stop(release: boolean): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#failed = true;
    this.#released = release;
    if (!release) return;
    this.#next?.resolve();
    this.#next = undefined;
  }

  #onInterval(): void {
    this.#timer = undefined;
    if (this.#dirty) void this.flush();
  }

  #begin(): void {
    const round = this.#next;
    if (!round || this.#running || this.#failed) return;
    this.#next = undefined;
    this.#running = round;
    this.#dirty = false;
    const mark = this.#options.mark();
    this.#synced = this.#options.sync().then(
      () => {
        this.#running = undefined;
        if (this.#failed && !this.#released) return;
        this.#options.onDurable(mark);
        round.resolve();
        this.#begin();
      },
      (error: unknown) => {
        // The round never resolves: no acknowledgement leaves for bytes whose fate is unknown.
        this.#failed = true;
        this.#running = undefined;
        this.#options.onFatal(error);
      },
    );
  }
}
