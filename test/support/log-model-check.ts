import type { PartitionLog } from '../../src/broker/partition-log.js';
import type { StoredTopic } from '../../src/broker/topic-store.js';
import { type BatchHeader, hasRightCrc, isControl, isTransactional, readBatches } from '../../src/wire/record-batch.js';
import { controlTypeOf, RecordCursor } from '../../src/wire/record-cursor.js';
import { type Attempt, type Fate, idOf, RETENTION_MS, type World } from './log-model-world.js';

/** A record as a reader sees it. */
interface Row {
  readonly offset: number;
  readonly attempt: Attempt;
  readonly index: number;
}

/** Reads as a client of read_committed does, from `from` to the last stable offset. */
function readCommitted(world: World, partition: PartitionLog, from: number): Row[] {
  const rows: Row[] = [];
  const end = partition.lastStable;
  for (let at = from; at < end; ) {
    const slice = partition.read(at, 100 + world.random.below(2_000), end, true);
    const aborted = partition.abortedBetween(at, slice.next).sort((a, b) => a.firstOffset - b.firstOffset);
    const skipping = new Set<number>();
    for (const header of readBatches(slice.bytes)) {
      while (aborted.length > 0 && aborted[0]!.firstOffset <= header.baseOffset + header.lastOffsetDelta)
        skipping.add(aborted.shift()!.producerId);
      const all = rowsOf(world, partition, slice.bytes, header);
      if (isControl(header) && endsAbort(slice.bytes, header)) skipping.delete(header.producerId);
      if (isControl(header)) continue;
      if (!isTransactional(header) || !skipping.has(header.producerId))
        rows.push(...all.filter(({ offset }) => offset >= from));
    }
    // Compaction may have left nothing up to there.
    if (slice.next <= at) break;
    at = slice.next;
  }
  return rows;
}

function endsAbort(bytes: Uint8Array, header: BatchHeader): boolean {
  const cursor = new RecordCursor();
  cursor.open(header, bytes.subarray(header.start + 61, header.end));
  return cursor.next() && controlTypeOf(cursor) === 'abort';
}

/** The records of one batch, each compared with what was sent. */
function rowsOf(world: World, partition: PartitionLog, bytes: Uint8Array, header: BatchHeader): Row[] {
  if (!hasRightCrc(bytes, header)) throw new Error(`torn read at ${header.baseOffset}`);
  if (isControl(header)) return [];
  const { baseOffset, producerId, producerEpoch: epoch, baseSequence: sequence } = header;
  const attempt = world.attempts.get(idOf({ topicId: partition.topicId, producerId, epoch, sequence }));
  if (!attempt) throw new Error(`nobody sent ${producerId}/${epoch}/${sequence} at ${baseOffset}`);
  if (attempt.offset !== undefined && attempt.offset !== baseOffset)
    throw new Error(`${idOf(attempt)} was at ${attempt.offset} and is at ${baseOffset}`);
  attempt.offset = baseOffset;
  const cursor = new RecordCursor();
  const decoder = new TextDecoder();
  cursor.open(header, bytes.subarray(header.start + 61, header.end));
  const rows: Row[] = [];
  while (cursor.next()) {
    const index = cursor.offset - baseOffset;
    const sent = attempt.rows[index];
    const value = cursor.value();
    const text = value ? decoder.decode(value) : null;
    if (sent?.key !== decoder.decode(cursor.key()!) || sent.value !== text)
      throw new Error(`${idOf(attempt)}@${cursor.offset}: ${text}, not ${sent?.value}`);
    rows.push({ offset: cursor.offset, attempt, index });
  }
  return rows;
}

/** Everything that counts is there, in order, and nothing else. */
export function check(world: World): void {
  for (const topic of world.topics) {
    const partition = topic.partitions[0]!;
    const { logStart, lastStable } = partition;
    const trimmed = world.trimmed.get(topic.id) ?? 0;
    if (logStart < trimmed) throw new Error(`${topic.name} was trimmed to ${trimmed} and begins at ${logStart}`);
    const mine = [...world.attempts.values()].filter((each) => each.topicId === topic.id);
    const before = mine.filter(({ offset }) => offset !== undefined);
    for (const from of [logStart, logStart + world.random.below(lastStable - logStart + 1)]) {
      const rows = readCommitted(world, partition, from);
      const where = `${topic.name} ${topic.id} from ${from} (${logStart} to ${lastStable})`;
      rows.forEach(({ offset, attempt }, index) => {
        if (index > 0 && offset <= rows[index - 1]!.offset) throw new Error(`${where}: ${offset} is not in order`);
        if (attempt.fate === 'aborted' || attempt.fate === 'open')
          throw new Error(`${where}: ${idOf(attempt)}@${offset} is ${attempt.fate}`);
      });
      if (topic.name === 'compact' && logStart > 0) throw new Error(`${where}: compaction took the beginning`);
      checkComplete(world, topic, before, rows, from, where);
    }
  }
}

function checkComplete(
  world: World,
  topic: StoredTopic,
  known: readonly Attempt[],
  rows: readonly Row[],
  from: number,
  where: string,
): void {
  const partition = topic.partitions[0]!;
  const counts = known.filter(({ fate, offset }) => (fate === 'plain' || fate === 'committed') && offset !== undefined);
  const expected = counts
    .flatMap((attempt) => attempt.rows.map((row, index) => ({ ...row, offset: attempt.offset! + index })))
    .filter(({ offset }) => offset >= from && offset < partition.lastStable)
    .sort((a, b) => a.offset - b.offset);
  const there = new Set(rows.map(({ offset }) => offset));
  for (const attempt of counts) {
    if (attempt.offset! >= partition.highWatermark && attempt.offset! >= partition.logStart)
      throw new Error(`${where}: ${idOf(attempt)}@${attempt.offset} is lost`);
  }
  if (topic.name !== 'delete') {
    // Nobody knows yet whether what comes later counts; compaction may.
    const isOvertaken = ({ key, offset }: { key: string; offset: number }): boolean =>
      known.some(
        (each) => each.fate === 'unknown' && each.offset! > offset && each.rows.some((row) => row.key === key),
      );
    const newest = new Map(expected.map((row) => [row.key, row]));
    for (const row of newest.values()) {
      if (isOvertaken(row)) continue;
      if (row.value !== null && !there.has(row.offset))
        throw new Error(`${where}: ${row.key}=${row.value}@${row.offset} is gone`);
    }
    // A tombstone that goes has nothing before it that comes back.
    const state = new Map(rows.map(({ attempt, index, offset }) => [attempt.rows[index]!.key, { offset, attempt }]));
    for (const [key, { offset, attempt }] of state) {
      if (attempt.fate !== 'unknown' && attempt.rows[offset - attempt.offset!]!.value === null) continue;
      const last = newest.get(key);
      if (attempt.fate !== 'unknown' && last && last.offset > offset)
        throw new Error(`${where}: ${key}@${offset} is back, ${last.offset} is newest`);
    }
    return;
  }
  for (const row of expected) if (!there.has(row.offset)) throw new Error(`${where}: ${row.offset} is missing`);
  const asked = world.asked.get(topic.id) ?? 0;
  const young = counts.filter(({ timestampMs }) => timestampMs > world.clock.now() - RETENTION_MS);
  for (const { offset, rows: sent } of young) {
    if (offset! + sent.length <= partition.logStart && offset! >= asked)
      throw new Error(`${where}: ${offset} is too young to go`);
  }
}

/** What became of transactions whose end was not answered, by the markers in the logs. */
export function learnFates(world: World, all: boolean): void {
  const decided = new Map<string, Set<string>>();
  const learned: [Attempt, Fate][] = [];
  for (const topic of world.topics) {
    const partition = topic.partitions[0]!;
    const open = new Map<number, Attempt[]>();
    for (let at = partition.logStart; at < partition.highWatermark; ) {
      const slice = partition.read(at, 10_000, partition.highWatermark, true);
      for (const header of readBatches(slice.bytes)) {
        const { producerId } = header;
        if (!isControl(header)) {
          const attempt = rowsOf(world, partition, slice.bytes, header)[0]?.attempt;
          if (attempt && attempt.fate !== 'plain') open.set(producerId, [...(open.get(producerId) ?? []), attempt]);
          continue;
        }
        const cursor = new RecordCursor();
        cursor.open(header, slice.bytes.subarray(header.start + 61, header.end));
        // Compaction leaves the last marker of a producer without its record.
        if (!cursor.next()) continue;
        const fate = controlTypeOf(cursor) === 'commit' ? 'committed' : 'aborted';
        for (const attempt of open.get(producerId) ?? []) {
          if (!all && attempt.fate !== 'unknown') continue;
          const key = `${producerId}/${attempt.epoch}`;
          if (!all) decided.set(key, (decided.get(key) ?? new Set()).add(fate));
          learned.push([attempt, fate]);
        }
        open.delete(producerId);
      }
      if (slice.next <= at) break;
      at = slice.next;
    }
    for (const [producerId, attempts] of open) {
      if (all && partition.openTransaction(producerId) !== undefined)
        for (const attempt of attempts) learned.push([attempt, 'aborted']);
    }
  }
  for (const [attempt, fate] of learned) attempt.fate = fate;
  for (const [key, fates] of decided) {
    if (fates.size > 1) throw new Error(`transaction ${key} is ${[...fates].join(' and ')}`);
  }
  for (const attempt of world.attempts.values()) if (attempt.fate === 'unknown') attempt.fate = 'aborted';
}
