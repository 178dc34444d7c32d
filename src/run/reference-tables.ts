import { StreamctlError } from '../base/errors.js';
import type { ReferenceRows } from '../engine/job.js';
import type { Table } from '../plan/plan.js';
import type { TableStatus } from '../plan/snapshot.js';
import type { Connection } from './connection.js';
import type { PipelineRunOptions } from './interfaces.js';
import type { Report } from './report.js';
import { TableFile } from './table-file.js';
import { TableTopic } from './table-topic.js';

/** One table of the plan, and what is known of it. */
interface Kept {
  readonly table: Table;
  readonly place: { readonly path: string } | { readonly topic: string };
  /** What follows it; of a topic: undefined while it cannot be read. */
  followed: TableFile | TableTopic | undefined;
  /** The last edition that was whole. */
  edition: ReferenceRows | undefined;
  loadedAtMs: number;
  reloads: number;
  failures: number;
  /** What is wrong with what is there now; it was warned of. */
  problem: string | undefined;
}

/** How soon a topic that could not be read is tried again. */
const REOPEN_EVERY_MS = 5_000;

/**
 * The reference tables of a run that are not in the plan itself, followed while it lasts, from one connection to the next.
 * A newer edition waits until the task {@link take}s it between two checkpoints, so that no transaction holds results of two
 * editions. What cannot be read any more keeps its last good edition; `--on-error stop` ends the run instead.
 */
export class ReferenceTables {
  readonly #options: PipelineRunOptions;
  readonly #report: Report;
  readonly #kept: readonly Kept[];
  readonly #waiting = new Map<string, ReferenceRows>();
  #connection: Connection | undefined;
  #reopenMs = 0;

  constructor(options: PipelineRunOptions, report: Report) {
    this.#options = options;
    this.#report = report;
    this.#kept = options.plan.tables.flatMap((table) => {
      const place = this.#placeOf(table);
      const nothing = { followed: undefined, edition: undefined, problem: undefined };
      return place ? [{ table, place, ...nothing, loadedAtMs: 0, reloads: 0, failures: 0 }] : [];
    });
  }

  /**
   * Makes every table ready, over a new connection. One that was read before may be gone by now.
   * @throws `not-found`, `bad-data`, `limit-exceeded` for a table that was never read, `broker-unreachable`
   */
  async open(connection: Connection): Promise<void> {
    this.#connection = connection;
    for (const kept of this.#kept) await this.#openOne(kept, connection);
    this.#tell();
  }

  /** The edition of every table that is in force, for a job that begins. */
  editions(): Readonly<Record<string, ReferenceRows>> {
    this.#waiting.clear();
    return Object.fromEntries(this.#kept.map(({ table, edition }) => [table.name, edition!]));
  }

  /** Looks for newer editions; cheap where none is due. @throws what a table cannot be read for, with `--on-error stop` */
  async look(): Promise<void> {
    for (const kept of this.#kept) {
      try {
        await this.#lookAt(kept);
      } catch (error) {
        if (error instanceof StreamctlError && error.code === 'broker-unreachable') throw error;
        this.#failed(kept, error);
      }
    }
  }

  /** Whether a newer edition waits to be taken. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** The newer editions, which are in force from now on. */
  take(): ReadonlyMap<string, ReferenceRows> {
    const taken = new Map(this.#waiting);
    this.#waiting.clear();
    for (const [name, { version, rows }] of taken) {
      this.#report.note('info', `table ${name}: now ${version}, ${rows.length} rows`);
    }
    this.#tell();
    return taken;
  }

  /** Stops following what hangs on the connection. */
  async close(): Promise<void> {
    this.#connection = undefined;
    for (const kept of this.#kept) {
      if (!(kept.followed instanceof TableTopic)) continue;
      await kept.followed.close().catch(() => undefined);
      kept.followed = undefined;
    }
  }

  #placeOf(table: Table): Kept['place'] | undefined {
    const { tables = {}, place } = this.#options;
    const path = tables[table.name] ?? (table.from.kind === 'file' ? table.from.path : undefined);
    if (path !== undefined) return { path: place.findFile?.(path) ?? path };
    return table.from.kind === 'topic' ? { topic: table.from.topic } : undefined;
  }

  async #openOne(kept: Kept, connection: Connection): Promise<void> {
    const { place } = this.#options;
    try {
      if (!('path' in kept.place)) await this.#openTopic(kept, kept.place.topic, connection);
      else if (kept.followed === undefined) {
        const file = new TableFile(kept.table, kept.place.path, place.edges);
        this.#begin(kept, await file.load(this.#nowMs()));
        kept.followed = file;
      }
    } catch (error) {
      const gone = error instanceof StreamctlError && error.code === 'broker-unreachable';
      if (kept.edition === undefined || gone) throw error;
      this.#failed(kept, error);
    }
  }

  async #openTopic(kept: Kept, topic: string, connection: Connection): Promise<void> {
    const { compression } = this.#options.place.edges;
    const bad = (error: StreamctlError): void => this.#failed(kept, error);
    const before = kept.problem;
    const followed = new TableTopic({ table: kept.table, topic, connection, compression, bad });
    try {
      this.#begin(kept, await followed.load(this.#nowMs()));
    } catch (error) {
      await followed.close().catch(() => undefined);
      throw error;
    }
    kept.followed = followed;
    if (kept.problem === before) kept.problem = undefined;
  }

  /** The first edition over this connection: in force at once where there was none. */
  #begin(kept: Kept, edition: ReferenceRows): void {
    const { edition: before } = kept;
    if (before?.version === edition.version) return;
    this.#accept(kept, edition);
    if (before === undefined) this.#waiting.delete(kept.table.name);
    else kept.reloads++;
  }

  async #lookAt(kept: Kept): Promise<void> {
    if (kept.followed === undefined) {
      if (this.#connection === undefined || this.#nowMs() < this.#reopenMs) return;
      this.#reopenMs = this.#nowMs() + REOPEN_EVERY_MS;
      await this.#openOne(kept, this.#connection);
    }
    const found = await kept.followed?.look(this.#nowMs());
    if (found === undefined) return;
    if (found !== 'same') {
      this.#accept(kept, found);
      kept.reloads++;
    }
    // A bad record of a topic stays in it; the table is what it was made of the others.
    if (kept.problem === undefined || kept.followed instanceof TableTopic) return;
    kept.problem = undefined;
    if (found === 'same') this.#report.note('info', `table ${kept.table.name}: its file is there again, unchanged`);
    this.#tell();
  }

  #accept(kept: Kept, edition: ReferenceRows): void {
    kept.edition = edition;
    kept.loadedAtMs = this.#options.place.edges.clock.now();
    this.#waiting.set(kept.table.name, edition);
  }

  /** Warns once of what is wrong, and keeps what there was. @throws with `--on-error stop` */
  #failed(kept: Kept, cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    if (this.#options.onError === 'stop') throw lasting(error);
    if (kept.problem === error.message) return;
    kept.problem = error.message;
    kept.failures++;
    const { edition, table } = kept;
    const goesOn = edition ? `going on with ${edition.version}` : 'its key is left as it was';
    const known = error.message.includes(`table "${table.name}"`) ? '' : `table "${table.name}": `;
    this.#report.note('warning', `${known}${error.message}; ${goesOn}`);
    this.#tell();
  }

  #tell(): void {
    this.#report.state.tables = this.#kept.flatMap(
      ({ table, edition, loadedAtMs, reloads, failures, problem }): TableStatus[] =>
        edition === undefined
          ? []
          : [
              {
                name: table.name,
                version: edition.version,
                rows: edition.rows.length,
                loadedAtMs,
                reloads,
                failures,
                ...(problem === undefined ? {} : { problem }),
              },
            ],
    );
  }

  #nowMs(): number {
    return this.#options.place.edges.clock.elapsed();
  }
}

/** An error after which nothing is tried again: the run was told to stop. */
function lasting(error: Error): Error {
  if (!(error instanceof StreamctlError) || error.retry === 'never') return error;
  return new StreamctlError('bad-data', error.message, {
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    cause: error,
  });
}
