import { crc32c } from '../base/crc32c.js';
import { StreamctlError } from '../base/errors.js';
import type { FileSystem } from '../base/files.js';
import type { TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import { decodeStateFile, encodeStateFile, putFile, type StateFileHead } from './state-file.js';

/** Everything that a pipeline goes on from, apart from the cluster it ran on. */
export interface PipelineSnapshot {
  readonly pipeline: string;
  /** Fingerprint of the plan with its parameters. */
  readonly plan: string;
  /** Epoch ms. */
  readonly madeAtMs: number;
  /** Next offset of every partition of every source. */
  readonly positions: readonly TopicPartitionOffset[];
  /** The open windows in it were given out already, at the end of a bounded run. */
  readonly closedAtEof: boolean;
  /** State of all steps, as Job.snapshot makes it. */
  readonly state: Uint8Array;
}

/** A snapshot that a run is to begin from, until it has done so. */
export interface Beginning {
  readonly snapshot: PipelineSnapshot;
  /** There was nothing to lose: what is committed now is of an attempt of this run that did not hear of its success. */
  isClear: boolean;
}

interface Header extends StateFileHead, Omit<PipelineSnapshot, 'state'> {}

const KIND = 'snapshot';
const VERSION = 1;

/** Writes a snapshot; what was at `path` is replaced when all is on the disk. @returns its size. @throws `disk-failed` */
export async function writeSnapshot(files: FileSystem, path: string, snapshot: PipelineSnapshot): Promise<number> {
  const { state, ...about } = snapshot;
  const header: Header = { streamctl: KIND, version: VERSION, ...about, bytes: state.length, crc: crc32c(state) };
  const chunks = encodeStateFile({ header, state });
  await putFile(files, path, `${path}.next`, chunks);
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** Reads a snapshot whole. @throws `not-found`, `disk-failed`, `bad-data` where it is none or not whole. */
export function readSnapshot(files: FileSystem, path: string): PipelineSnapshot {
  if (!files.exists(path)) throw new StreamctlError('not-found', `${path} does not exist`);
  const decoded = decodeStateFile<Header>(files.readFile(path), KIND, VERSION);
  if ('problem' in decoded) {
    throw new StreamctlError('bad-data', `${path} cannot be used as a snapshot`, {
      detail: decoded.problem,
      hint: 'name a file that run --stop-with-snapshot wrote',
    });
  }
  const { pipeline, plan, madeAtMs, positions, closedAtEof } = decoded.header;
  return { pipeline, plan, madeAtMs, positions, closedAtEof, state: decoded.state };
}
