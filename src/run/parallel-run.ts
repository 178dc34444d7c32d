import type { DashboardSnapshot } from '../plan/snapshot.js';
import type { EndReason, EndSummary, PipelineRun, PipelineRunOptions, RunListener } from './interfaces.js';
import { mergeSnapshots } from './merge-snapshots.js';
import { startPipelineRun } from './pipeline-run.js';
import { type FromWorker, type Line, receiveError, type StartWorker, sendError, type ToWorker } from './worker-link.js';

/**
 * Runs a pipeline with several workers in this process: the first one here, each other in a thread of its own. For the group
 * they are workers like those of other processes.
 * @param workers 2 or more.
 */
export function startParallelRun(options: PipelineRunOptions, workers: number, startWorker: StartWorker): PipelineRun {
  return new ParallelRun(options, workers, startWorker);
}

/** A worker thread, as the first worker sees it. */
interface Other {
  readonly line: Line<FromWorker, ToWorker>;
  snapshot: DashboardSnapshot | undefined;
  readonly done: Promise<EndSummary>;
}

class ParallelRun implements PipelineRun {
  readonly done: Promise<EndSummary>;
  readonly #options: PipelineRunOptions;
  readonly #listener: RunListener;
  readonly #watermarks = new Map<number, number>();
  readonly #lags = new Map<number, number>();
  readonly #first: PipelineRun;
  readonly #others: Other[] = [];
  #stopping = false;

  constructor(options: PipelineRunOptions, workers: number, startWorker: StartWorker) {
    this.#options = options;
    this.#listener = options.listener ?? {};
    this.#first = startPipelineRun({ ...options, listener: this.#firstListener() });
    // A state is reset by one worker alone: the others come when it has begun.
    const begin = async (): Promise<void> => {
      if (options.resetState || options.fromSnapshot !== undefined) await this.#begun();
      for (let worker = 1; worker < workers && !this.#stopping; worker++)
        this.#others.push(this.#start(worker, startWorker()));
    };
    this.done = this.#run(begin());
  }

  snapshot(): DashboardSnapshot {
    return mergeSnapshots([this.#first.snapshot(), ...this.#others.flatMap(({ snapshot }) => snapshot ?? [])]);
  }

  stop(): Promise<EndSummary> {
    this.#stopping = true;
    void this.#first.stop();
    for (const { line } of this.#others) line.send({ kind: 'stop' });
    return this.done;
  }

  pause(): void {
    this.#first.pause();
    for (const { line } of this.#others) line.send({ kind: 'pause' });
  }

  resume(): void {
    this.#first.resume();
    for (const { line } of this.#others) line.send({ kind: 'resume' });
  }

  async #begun(): Promise<void> {
    const { clock } = this.#options.place.edges;
    const ended = this.#first.done.then(() => 'ended' as const);
    for (;;) {
      if (this.#first.snapshot().state !== 'starting') return;
      if ((await Promise.race([ended, clock.sleep(BEGIN_LOOK_MS)])) === 'ended') return;
    }
  }

  async #run(begun: Promise<void>): Promise<EndSummary> {
    await begun;
    const all = [this.#first.done, ...this.#others.map(({ done }) => done)];
    // One that fails ends all: what it had is done by the others, but whoever asked for so many has to know.
    for (const done of all) void done.then(({ error }) => (error && !this.#stopping ? void this.stop() : undefined));
    const ends = await Promise.all(all);
    const error = ends.find((end) => end.error)?.error;
    const reason = error ? 'failed' : (REASONS.find((one) => ends.some((end) => end.reason === one)) ?? 'eof');
    if (reason === 'eof') this.#listener.eof?.();
    return {
      reason,
      ...(error ? { error } : {}),
      snapshot: mergeSnapshots(ends.map(({ snapshot }) => snapshot)),
      positions: ends.flatMap(({ positions }) => positions),
    };
  }

  /** What is true of all workers is told when all have said so; the rest as it comes. */
  #firstListener(): RunListener {
    const { eof: _eof, ...told } = this.#listener;
    return {
      ...told,
      watermark: (ms) => this.#tellWatermark(0, ms),
      lag: (records) => this.#tellLag(0, records),
      progress: () => this.#listener.progress?.(this.snapshot()),
    };
  }

  #tellWatermark(worker: number, ms: number): void {
    this.#watermarks.set(worker, ms);
    this.#listener.watermark?.(Math.min(...this.#watermarks.values()));
  }

  #tellLag(worker: number, records: number): void {
    this.#lags.set(worker, records);
    this.#listener.lag?.([...this.#lags.values()].reduce((sum, lag) => sum + lag, 0));
  }

  #start(worker: number, line: Line<FromWorker, ToWorker>): Other {
    const { place, listener: _l, resetState: _r, fromSnapshot: _f, plan, tables = {}, ...options } = this.#options;
    const paths = [
      ...plan.tables.flatMap(({ from }) => (from.kind === 'file' ? from.path : [])),
      ...Object.values(tables),
    ];
    const files = Object.fromEntries(paths.map((path) => [path, place.findFile?.(path) ?? path]));
    let resolve: ((end: EndSummary) => void) | undefined;
    const done = new Promise<EndSummary>((settle) => {
      resolve = settle;
    });
    const other: Other = { line, snapshot: undefined, done };
    line.listen(
      (message) => {
        if (message.kind === 'done') {
          other.snapshot = message.summary.snapshot;
          resolve!({ ...message.summary, ...(message.error ? { error: receiveError(message.error) } : {}) });
          line.close();
        } else void this.#hear(worker, other, message);
      },
      (error) =>
        resolve!({ reason: 'failed', error, snapshot: other.snapshot ?? this.#first.snapshot(), positions: [] }),
    );
    line.send({ kind: 'start', start: { ...options, plan, tables, files, placeName: place.name } });
    return other;
  }

  async #hear(worker: number, other: Other, message: Exclude<FromWorker, { kind: 'done' }>): Promise<void> {
    switch (message.kind) {
      case 'snapshot':
        other.snapshot = message.snapshot;
        return;
      case 'rows':
        this.#listener.rows?.({ schema: [], length: message.count, vectors: [], partition: 0 });
        return;
      case 'connect':
        return this.#connect(other);
      case 'event': {
        const { name, value } = message;
        if (name === 'watermark') this.#tellWatermark(worker, value as number);
        else if (name === 'lag') this.#tellLag(worker, value as number);
        else (this.#listener[name] as ((value: unknown) => void) | undefined)?.(value);
      }
    }
  }

  async #connect({ line }: Other): Promise<void> {
    try {
      line.send({ kind: 'connected', settings: await this.#options.place.connect(), error: undefined });
    } catch (error) {
      line.send({ kind: 'connected', settings: undefined, error: sendError(error as Error) });
    }
  }
}

const BEGIN_LOOK_MS = 25;
/** Why all workers together ended: the first that one of them says. */
const REASONS: readonly EndReason[] = ['taken-over', 'stopped'];
