import { fromUtf8, utf8 } from '../base/bytes.js';
import type { FileSystem } from '../base/files.js';
import { framePayload, payloadFraming } from '../storage/framed-log.js';
import { offsetName } from '../storage/segment.js';
import type { ProducerSnapshot } from './producer-states.js';

const NAME = /^(\d{20})\.producers$/;

/** Snapshots that are kept: when the newest was torn by a crash, the one before serves. */
const KEPT = 2;

/** A producer snapshot and the offset before which it saw every batch. */
export interface LoadedProducers {
  readonly offset: number;
  readonly snapshot: ProducerSnapshot;
}

/** The newest whole snapshot at or before `end`; undefined when there is none. */
export function loadProducers(files: FileSystem, folder: string, end: number): LoadedProducers | undefined {
  for (const offset of offsets(files, folder).reverse()) {
    const path = pathOf(folder, offset);
    if (offset > end) {
      files.remove(path);
      continue;
    }
    const bytes = files.readFile(path);
    const frame = bytes.length > payloadFraming.headBytes ? payloadFraming.head(bytes, 0) : undefined;
    if (!frame || frame.size !== bytes.length || !payloadFraming.whole(bytes, 0, frame)) continue;
    const text = fromUtf8(bytes.subarray(payloadFraming.headBytes));
    return { offset, snapshot: JSON.parse(text) as ProducerSnapshot };
  }
  return undefined;
}

/**
 * Puts what is known at `offset` in the place of all snapshots, durably: after a crash this one is read, or the log.
 * @throws `disk-failed` `limit-exceeded`
 */
export function replaceProducers(files: FileSystem, folder: string, offset: number, snapshot: ProducerSnapshot): void {
  const bytes = framePayload(utf8(JSON.stringify(snapshot)));
  for (const old of offsets(files, folder)) files.remove(pathOf(folder, old));
  files.replaceFile(pathOf(folder, offset), bytes);
}

/**
 * Writes what is known at `offset`. Not synced: a torn file is recognised, an older one or the log itself serves then.
 * @throws `disk-failed`
 */
export function storeProducers(files: FileSystem, folder: string, offset: number, snapshot: ProducerSnapshot): void {
  const path = pathOf(folder, offset);
  files.remove(path);
  const file = files.open(path, 'append');
  try {
    file.write([framePayload(utf8(JSON.stringify(snapshot)))], 0);
  } finally {
    file.close();
  }
  for (const old of offsets(files, folder).slice(0, -KEPT)) files.remove(pathOf(folder, old));
}

function pathOf(folder: string, offset: number): string {
  return `${folder}/${offsetName(offset)}.producers`;
}

function offsets(files: FileSystem, folder: string): number[] {
  const found: number[] = [];
  for (const name of files.list(folder)) {
    const match = NAME.exec(name);
    if (match) found.push(Number(match[1]));
  }
  return found.sort((a, b) => a - b);
}
