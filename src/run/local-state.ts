import { StreamctlError } from '../base/errors.js';
import type { FileSystem } from '../base/files.js';
import type { Clock } from '../base/time.js';
import type { LocalStateStatus, Note } from '../plan/snapshot.js';
import { decodeStateFile, encodeStateFile, putFile, type StateFileHead } from './state-file.js';
import type { StateMark } from './state-topic.js';

/** Whose local state, and where. */
export interface LocalStatePlace {
  /** Folder of one pipeline, absolute. */
  readonly folder: string;
  readonly pipeline: string;
  /** Fingerprint of the plan with its parameters. */
  readonly plan: string;
  /** Tells workers that use the folder at the same time from each other. */
  readonly worker: string;
}

/** Who hears of it. */
export interface LocalStateListener {
  note(level: Note['level'], text: string): void;
  status(status: LocalStateStatus): void;
}

interface Header extends StateFileHead {
  readonly pipeline: string;
  readonly plan: string;
  readonly mark: StateMark;
}

interface Kept {
  readonly mark: StateMark;
  readonly state: Uint8Array;
}

const KIND = 'local-state';
const VERSION = 1;
const SUFFIX = '.state';
/** After a disk failed, so long it is not tried again. */
const RETRY_MS = 30_000;

/**
 * Copies of committed states in files of this machine, so that a restart need not read them from the topic. The topic is what
 * counts: a copy is used only where its mark is the committed one, so it may be old, damaged or gone at any time. A disk that
 * fails costs the copy and nothing else: the run hears of it once and goes on.
 */
export class LocalState {
  readonly #files: FileSystem;
  readonly #clock: Clock;
  readonly #place: LocalStatePlace;
  readonly #listener: LocalStateListener;
  /** Newest committed state per owner that is not in a file yet: older ones need not be. */
  readonly #waiting = new Map<string, Kept>();
  #writing: Promise<void> | undefined;
  #retryMs = Number.NEGATIVE_INFINITY;
  #written = 0;
  #failures = 0;
  #problem: string | undefined;

  constructor(
    { files, clock }: { readonly files: FileSystem; readonly clock: Clock },
    place: LocalStatePlace,
    listener: LocalStateListener,
  ) {
    this.#files = files;
    this.#clock = clock;
    this.#place = place;
    this.#listener = listener;
    this.#tell();
    // What a worker of this name was writing when it died.
    this.#removeAll((name) => name.endsWith(this.#unfinished));
  }

  /** The copy of the state at `mark`; undefined where there is none. One that is of no use is removed, and it is said why. */
  read(mark: StateMark): Uint8Array | undefined {
    const path = this.#path(mark.owner);
    if (!this.#files.exists(path)) return undefined;
    const found = this.#look(path, mark);
    if (found instanceof Uint8Array) {
      this.#listener.note('info', `the state of the last checkpoint was read from ${path}`);
      return found;
    }
    this.#listener.note(
      found.harmless ? 'info' : 'warning',
      `the local state ${path} was removed: ${found.problem}; the state is read from its topic`,
    );
    this.#remove(path);
    return undefined;
  }

  /** Writes a copy of a state that was committed, in the background. `state` must not change afterwards. */
  keep(mark: StateMark, state: Uint8Array): void {
    if (this.#clock.elapsed() < this.#retryMs) return;
    this.#waiting.set(mark.owner, { mark, state });
    this.#writing ??= this.#writeAll();
  }

  /** Removes the copies of all owners but one: their states do not count any more. */
  keepOnly(owner: string): void {
    const own = this.#path(owner);
    this.#removeAll((name) => name.endsWith(SUFFIX) && `${this.#place.folder}/${name}` !== own);
  }

  /** Removes all copies. */
  forget(): void {
    this.#waiting.clear();
    this.#removeAll((name) => name.endsWith(SUFFIX));
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  #look(path: string, mark: StateMark): Uint8Array | { readonly problem: string; readonly harmless?: true } {
    let bytes: Uint8Array;
    try {
      bytes = this.#files.readFile(path);
    } catch (error) {
      return { problem: `it cannot be read (${(error as Error).message})` };
    }
    const decoded = decodeStateFile<Header>(bytes, KIND, VERSION);
    if ('problem' in decoded) return decoded;
    const { pipeline, plan, mark: own } = decoded.header;
    if (pipeline !== this.#place.pipeline) return { problem: `it is of pipeline "${pipeline}"` };
    if (plan !== this.#place.plan) return { problem: 'it is of another plan or other parameters' };
    if (!isSameMark(own, mark))
      return { problem: 'it is of another checkpoint than the committed one', harmless: true };
    return decoded.state;
  }

  async #writeAll(): Promise<void> {
    for (const [owner, kept] of this.#waiting) {
      this.#waiting.delete(owner);
      await this.#write(kept);
    }
    this.#writing = undefined;
  }

  async #write({ mark, state }: Kept): Promise<void> {
    const { folder, pipeline, plan } = this.#place;
    const path = this.#path(mark.owner);
    const header: Header = {
      streamctl: KIND,
      version: VERSION,
      pipeline,
      plan,
      mark,
      bytes: state.length,
      crc: mark.crc,
    };
    try {
      this.#files.makeFolder(folder);
      await putFile(this.#files, path, `${path}${this.#unfinished}`, encodeStateFile({ header, state }));
      this.#written++;
      if (this.#problem !== undefined) this.#listener.note('info', `local state is kept again in ${folder}`);
      this.#problem = undefined;
    } catch (error) {
      this.#failed(error as Error);
    }
    this.#tell();
  }

  #failed(error: Error): void {
    const detail = error instanceof StreamctlError ? error.detail : undefined;
    const message = detail === undefined ? error.message : `${error.message} (${detail})`;
    this.#failures++;
    this.#retryMs = this.#clock.elapsed() + RETRY_MS;
    this.#waiting.clear();
    if (this.#problem === undefined) {
      const text = `local state cannot be kept: ${message}; the run goes on, a restart reads the state from its topic`;
      this.#listener.note('warning', text);
    }
    this.#problem = message;
  }

  #tell(): void {
    this.#listener.status({
      folder: this.#place.folder,
      written: this.#written,
      failures: this.#failures,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    });
  }

  get #unfinished(): string {
    return `.${this.#place.worker}.next`;
  }

  #path(owner: string): string {
    return `${this.#place.folder}/${encodeURIComponent(owner)}${SUFFIX}`;
  }

  #removeAll(which: (name: string) => boolean): void {
    let names: readonly string[] = [];
    try {
      names = this.#files.list(this.#place.folder);
    } catch {
      // Said when something is to be written there.
    }
    for (const name of names) if (which(name)) this.#remove(`${this.#place.folder}/${name}`);
  }

  #remove(path: string): void {
    try {
      this.#files.remove(path);
    } catch {
      // What stays is of another checkpoint for ever: it is never used.
    }
  }
}

function isSameMark(a: StateMark, b: StateMark): boolean {
  return (['owner', 'slot', 'offset', 'chunks', 'bytes', 'crc'] as const).every((name) => a[name] === b[name]);
}
