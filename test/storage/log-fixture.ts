import type { FileSystem } from '../../src/base/files.js';
import type { Clock } from '../../src/base/time.js';
import { HandleCache } from '../../src/storage/handle-cache.js';
import { SegmentLog, type SegmentLogOptions } from '../../src/storage/segment-log.js';
import { numberFrame, numberFraming, offsetsIn } from '../support/number-frames.js';
import { SimClock } from '../support/sim-clock.js';

/** Folder of the log under test. */
export const FOLDER = '/data/topics/t/0';

/** Opens the log of the tests; a fatal error is kept in `fatal`. */
export function openLog(
  files: FileSystem,
  options: Partial<SegmentLogOptions> = {},
  clock: Clock = new SimClock(),
): { log: SegmentLog; fatal: unknown[]; durable: number[] } {
  const fatal: unknown[] = [];
  const durable: number[] = [];
  const log = new SegmentLog({
    files,
    clock,
    folder: FOLDER,
    parents: ['/data/topics/t', '/data/topics', '/data'],
    framing: numberFraming,
    handles: new HandleCache(files),
    policy: 'always',
    segmentBytes: 1 << 20,
    onDurable: (end) => durable.push(end),
    onFatal: (error) => fatal.push(error),
    ...options,
  });
  return { log, fatal, durable };
}

/** Appends `count` frames of one offset each. */
export function fill(log: SegmentLog, count: number, payloadBytes = 40): void {
  for (let i = 0; i < count; i++) {
    const { bytes, frame } = numberFrame(log.end, 1, payloadBytes);
    log.append([bytes], frame);
  }
}

/** First offsets of all frames a reader gets from the start to the end. */
export function readAll(log: SegmentLog, maxBytes = 1 << 16): number[] {
  const offsets: number[] = [];
  let from = log.start;
  while (from < log.end) {
    const slice = log.read(from, maxBytes, log.end, true);
    if (slice.next === from) throw new Error(`no progress at ${from}`);
    offsets.push(...offsetsIn(slice.bytes));
    from = slice.next;
  }
  return offsets;
}

/** 0, 1, ... count - 1 */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
