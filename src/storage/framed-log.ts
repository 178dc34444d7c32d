import { crc32c } from '../base/crc32c.js';
import { StreamctlError } from '../base/errors.js';
import type { FileHandle, FileSystem } from '../base/files.js';
import type { Clock } from '../base/time.js';
import type { Frame, Framing } from './framing.js';
import { GroupCommit, type SyncPolicy } from './group-commit.js';
import { decodeRecoveryPoint, RecoveryPointFile } from './recovery-point.js';
import { type Damage, findFrame, scanFrames } from './scan.js';
import { offsetName } from './segment.js';

/** Length and CRC-32C before each payload. */
const HEAD_BYTES = 8;

/** Largest payload of one frame. */
export const FRAMED_PAYLOAD_MAX = 16 << 20;

/** The log is replaced by a snapshot when it has grown beyond this and beyond the last snapshot's size. */
export const SNAPSHOT_AFTER_BYTES = 4 << 20;

const POINT_NAME = 'recovery-point';

/** Frames of any payload: four bytes of length, four bytes of CRC-32C over length and payload, payload. */
export const payloadFraming: Framing = {
  headBytes: HEAD_BYTES,
  maxFrameBytes: HEAD_BYTES + FRAMED_PAYLOAD_MAX,
  head(bytes, at): Frame | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD_BYTES);
    const length = view.getUint32(0);
    if (length === 0 || length > FRAMED_PAYLOAD_MAX) return undefined;
    // Payloads have no offsets: each follows any other.
    return { size: HEAD_BYTES + length, first: 0, last: -1, maxTimestamp: -1 };
  },
  whole(bytes, at, frame): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD_BYTES);
    return view.getUint32(4) === payloadChecksum(bytes, at, at + frame.size);
  },
};

/** Checksum over the length and the payload of the frame in `bytes[start, end)`. */
function payloadChecksum(bytes: Uint8Array, start: number, end: number): number {
  return crc32c(bytes, start + HEAD_BYTES, end, crc32c(bytes, start, start + 4));
}

/** One frame around `payload`. @throws `limit-exceeded` */
export function framePayload(payload: Uint8Array): Uint8Array {
  if (payload.length === 0 || payload.length > FRAMED_PAYLOAD_MAX) {
    throw new StreamctlError('limit-exceeded', `a journal entry of ${payload.length} bytes is too large`, {
      detail: `At most ${FRAMED_PAYLOAD_MAX} bytes fit.`,
    });
  }
  const bytes = new Uint8Array(HEAD_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length);
  bytes.set(payload, HEAD_BYTES);
  view.setUint32(4, payloadChecksum(bytes, 0, bytes.length));
  return bytes;
}

/** What a framed log is made with. */
export interface FramedLogOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly folder: string;
  /** Folders above it that may have been made with it, innermost first. */
  readonly parents: readonly string[];
  readonly policy: SyncPolicy;
  readonly repair: boolean;
  onFatal(error: unknown): void;
}

/** A tail that opening cut off. */
export interface FramedRepair {
  readonly path: string;
  readonly position: number;
  readonly bytes: number;
  readonly damage: Damage;
}

interface Mark {
  readonly generation: number;
  readonly size: number;
}

/**
 * A log of payloads that is replaced by a snapshot now and then. Generation N is the pair `N.snapshot` (the state
 * before) and `N.log` (what came after); a new snapshot is written, synced and renamed before the old pair goes.
 */
export class FramedLog {
  readonly #options: FramedLogOptions;
  readonly #commit: GroupCommit<Mark>;
  readonly #repairs: FramedRepair[] = [];
  #generation = 0;
  #size = 0;
  #snapshotBytes = 0;
  #file: FileHandle;
  #point: RecoveryPointFile;

  /**
   * Opens the log and gives every payload, the snapshot's first, to `replay`.
   * @throws `log-corrupt` `disk-failed`
   */
  constructor(options: FramedLogOptions, replay: (payload: Uint8Array) => void) {
    this.#options = options;
    const { files, folder, policy } = options;
    files.makeFolder(folder);
    this.#generation = newestSnapshot(files, folder);
    if (this.#generation > 0) this.#replaySnapshot(replay);
    this.#file = files.open(this.#path('log'), 'append');
    this.#replayLog(replay);
    const point = { base: this.#generation, position: this.#size, policy };
    this.#point = new RecoveryPointFile(files, `${folder}/${POINT_NAME}`, point);
    this.#removeOld();
    for (const path of [folder, ...options.parents]) files.syncFolder(path);
    this.#commit = new GroupCommit<Mark>({
      policy,
      clock: options.clock,
      mark: () => ({ generation: this.#generation, size: this.#size }),
      sync: () => this.#file.sync(),
      onDurable: (mark) => this.#onDurable(mark),
      onFatal: (error) => options.onFatal(error),
    });
  }

  /** What opening had to cut off. */
  get repairs(): readonly FramedRepair[] {
    return this.#repairs;
  }

  /** Whether it is time for {@link FramedLog.snapshot}. */
  get wantsSnapshot(): boolean {
    return this.#size > Math.max(SNAPSHOT_AFTER_BYTES, this.#snapshotBytes);
  }

  /** Writes one payload. @throws `disk-failed` `limit-exceeded` and then nothing was written. */
  append(payload: Uint8Array): void {
    const frame = framePayload(payload);
    this.#file.write([frame], this.#size);
    this.#size += frame.length;
    this.#commit.wrote();
  }

  /** Resolves when everything appended so far may be acknowledged under the sync policy. */
  durable(): Promise<void> {
    return this.#commit.durable();
  }

  /** Replaces all payloads by `payloads`, which give the same state. @throws `disk-failed`, the old log stays. */
  snapshot(payloads: Iterable<Uint8Array>): void {
    const { files, folder, policy } = this.#options;
    const next = this.#generation + 1;
    const bytes = joinFrames(payloads);
    // The new log has to exist before the snapshot that makes it the current one.
    const path = `${folder}/${offsetName(next)}.log`;
    const file = files.open(path, 'append');
    try {
      file.truncate(0);
      file.syncNow();
      files.replaceFile(`${folder}/${offsetName(next)}.snapshot`, bytes);
    } catch (error) {
      file.close();
      throw error;
    }
    const old = this.#file;
    void this.#commit.idle().then(() => old.close());
    this.#file = file;
    this.#generation = next;
    this.#size = 0;
    this.#snapshotBytes = bytes.length;
    this.#commit.clean();
    this.#point.writeNow({ base: next, position: 0, policy });
    this.#removeOld();
  }

  /** Syncs and closes. */
  async close(): Promise<void> {
    await this.#commit.flush();
    await this.#commit.idle();
    this.abandon();
  }

  /** Closes the files as they are; whoever waits for durability waits for ever. */
  abandon(): void {
    this.#commit.stop(false);
    void this.#commit.idle().then(() => this.#file.close());
    this.#point.close();
  }

  #path(kind: 'log' | 'snapshot'): string {
    return `${this.#options.folder}/${offsetName(this.#generation)}.${kind}`;
  }

  #replaySnapshot(replay: (payload: Uint8Array) => void): void {
    const path = this.#path('snapshot');
    const bytes = this.#options.files.readFile(path);
    this.#snapshotBytes = bytes.length;
    let at = 0;
    while (at < bytes.length) {
      const frame = at + HEAD_BYTES <= bytes.length ? payloadFraming.head(bytes, at) : undefined;
      if (!frame || at + frame.size > bytes.length || !payloadFraming.whole(bytes, at, frame)) {
        throw corrupt(path, at, 'A snapshot is written as a whole before it gets its name.');
      }
      // The last frame is a single byte that says: complete.
      if (at + frame.size < bytes.length) replay(bytes.subarray(at + HEAD_BYTES, at + frame.size));
      else if (frame.size !== HEAD_BYTES + 1) throw corrupt(path, at, 'Its end is missing.');
      at += frame.size;
    }
    if (at === 0) throw corrupt(path, 0, 'It is empty.');
  }

  #replayLog(replay: (payload: Uint8Array) => void): void {
    const size = this.#file.size();
    const range = { from: 0, to: size, next: 0, gaps: true, checksums: true };
    const result = scanFrames(this.#file, payloadFraming, range, (bytes, at, frame) => {
      replay(bytes.slice(at + HEAD_BYTES, at + frame.size));
      return undefined;
    });
    this.#size = result.end;
    const synced = this.#syncedBytes(size);
    const damage = result.damage ?? (result.end < synced.bytes ? 'torn' : undefined);
    if (damage) this.#judge(damage, size, synced);
    else if (size > 0) this.#file.syncNow();
  }

  #judge(damage: Damage, size: number, synced: { readonly bytes: number; readonly trusted: boolean }): void {
    const end = this.#size;
    const lost =
      end < synced.bytes || (!synced.trusted && findFrame(this.#file, payloadFraming, end + 1, size, 0) >= 0);
    if (lost && !this.#options.repair) {
      throw corrupt(this.#path('log'), end, `${size - end} bytes behind it may hold acknowledged changes.`);
    }
    if (lost) this.#options.files.replaceFile(`${this.#path('log')}.damaged`, this.#wholeFile(size));
    this.#file.truncate(end);
    this.#file.syncNow();
    this.#repairs.push({ path: this.#path('log'), position: end, bytes: size - end, damage });
  }

  #wholeFile(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    this.#file.read(bytes, 0);
    return bytes;
  }

  /** How much of the log was on the disk for certain, and whether anything behind it was acknowledged. */
  #syncedBytes(size: number): { bytes: number; trusted: boolean } {
    const { files, folder } = this.#options;
    const path = `${folder}/${POINT_NAME}`;
    const point = files.exists(path) ? decodeRecoveryPoint(files.readFile(path)) : undefined;
    const current = point?.base === this.#generation;
    if (point && point.base > this.#generation && !this.#options.repair) {
      throw corrupt(this.#path('log'), size, `Generation ${point.base} of it is missing.`);
    }
    return { bytes: current ? point.position : 0, trusted: point?.policy === 'always' };
  }

  #onDurable(mark: Mark): void {
    if (mark.generation !== this.#generation) return;
    try {
      this.#point.write({ base: mark.generation, position: mark.size, policy: this.#options.policy });
    } catch (error) {
      this.#options.onFatal(error);
    }
  }

  /** Removes older generations and snapshots that were not finished; failing to is no harm. */
  #removeOld(): void {
    const { files, folder } = this.#options;
    for (const name of files.list(folder)) {
      const generation = /^(\d{20})\.(?:log|snapshot)(?:\.next)?$/.exec(name);
      if (!generation || (Number(generation[1]) === this.#generation && !name.endsWith('.next'))) continue;
      try {
        files.remove(`${folder}/${name}`);
      } catch {
        // It is looked at again with the next snapshot.
      }
    }
  }
}

function joinFrames(payloads: Iterable<Uint8Array>): Uint8Array {
  const frames: Uint8Array[] = [];
  for (const payload of payloads) frames.push(framePayload(payload));
  frames.push(framePayload(new Uint8Array(1)));
  let size = 0;
  for (const frame of frames) size += frame.length;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}

function newestSnapshot(files: FileSystem, folder: string): number {
  let newest = 0;
  for (const name of files.list(folder)) {
    const match = /^(\d{20})\.snapshot$/.exec(name);
    if (match) newest = Math.max(newest, Number(match[1]));
  }
  return newest;
}

function corrupt(path: string, position: number, detail: string): StreamctlError {
  return new StreamctlError('log-corrupt', `${path} is damaged at byte ${position}`, {
    detail,
    hint: 'streamctl broker start --repair keeps what is whole and sets the rest aside',
  });
}
