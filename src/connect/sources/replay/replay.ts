import { emptySpan, spanOver } from '../../../base/byte-span.js';
import { StreamctlError } from '../../../base/errors.js';
import { errorCodes } from '../../../wire/error-codes.js';
import { murmur2 } from '../../../wire/murmur2.js';
import { RowBlock } from '../../codecs/row-block.js';
import type { KafkaClient } from '../../kafka/client.js';
import type { ProducerOptions } from '../../kafka/interfaces.js';
import { KafkaFailure } from '../../kafka/kafka-failure.js';
import { RecordProducer } from '../../kafka/producer.js';
import type { BadRows } from './bad-rows.js';
import { BlockRun } from './block-run.js';
import type { LotProgress, ReplayOptions, ReplayReport } from './interfaces.js';
import { LotHeaders } from './lot-headers.js';
import { LotLog, rowRange } from './lot-log.js';
import { Pace } from './pace.js';
import { passOver } from './pass-over.js';
import { Quarantine } from './quarantine.js';
import { otherFileError, partialError, ReplayError } from './replay-error.js';
import { awaitQuiet, findResumePoint, type LastRecord, type ResumePoint } from './resume-point.js';
import type { RowReader } from './row-reader.js';
import { WrittenRanges } from './written-ranges.js';

/** Rows are handed over this much before they are due at most: a timer is no finer. */
const EARLY_MS = 1;
/** Giving up on a broker that is gone. */
const DELIVERY_TIMEOUT_MS = 30_000;
/** A topic that is resumed has to be quiet for so long, where it is not known who wrote what it holds. */
const QUIET_MS = 1_500;
/** Batches under way: the five that may be in flight, and some to come. More would only fall out of the processor's cache. */
const BUFFER_BYTES = 8 * 1024 * 1024;

/** What a broker says to a batch whose place another one of the same producer has taken, or whose producer it forgot. */
const OVERTAKEN = new Set<number>([
  errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  errorCodes.INVALID_PRODUCER_EPOCH,
  errorCodes.UNKNOWN_PRODUCER_ID,
]);

/**
 * Sends the rows of a file as records: in lots, paced, with headers that say where each comes from, so that a replay
 * that was cut off can go on without a gap or a duplicate. Records with a key go to the partition of its hash, a lot
 * without keys to the partition of its number. Memory is bounded by one lot and the producer's buffer.
 */
export class Replay {
  readonly #client: KafkaClient;
  readonly #reader: RowReader;
  readonly #bad: BadRows;
  readonly #options: ReplayOptions;
  readonly #producer: RecordProducer;
  readonly #lots: LotLog;
  readonly #quarantine: Quarantine;
  readonly #pace: Pace;
  /** Names of the files, and the headers of each. */
  readonly #names: readonly string[];
  readonly #headers: readonly LotHeaders[];
  readonly #ownOrder: boolean;
  readonly #block = new RowBlock();
  readonly #value = emptySpan();
  readonly #run = new BlockRun();
  readonly #ranges = new WrittenRanges();
  readonly #beganMs: number;
  /** It ended because a batch of the producer in whose place it goes on came first. */
  overtaken = false;
  #partitions = 1;
  #resume: ResumePoint = { last: new Map(), closedLot: 0, producer: undefined };
  #lot = 0;
  #rows = 0;
  #sent = 0;
  #alreadyThere = 0;
  #shiftMs: number | undefined;

  /** @param bad the one whose `take` was given to the reader. */
  constructor(client: KafkaClient, reader: RowReader, bad: BadRows, options: ReplayOptions) {
    this.#client = client;
    this.#reader = reader;
    this.#bad = bad;
    this.#options = options;
    const sending: ProducerOptions = {
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS,
      bufferBytes: BUFFER_BYTES,
      ...(options.compression ? { compression: options.compression } : {}),
      ...(options.onTrouble ? { onTrouble: options.onTrouble } : {}),
    };
    this.#producer = new RecordProducer(client, {
      ...sending,
      onAcknowledged: (batch) => {
        if (batch.topic !== options.topic) return;
        this.#ranges.add(batch);
        this.#lots.acknowledged(batch.partition, batch.lastTag);
      },
    });
    this.#lots = new LotLog(this.#producer, options.lotsTopic, () => client.edges.clock.now());
    this.#quarantine = new Quarantine(client, options.quarantineTopic, options.source, sending);
    this.#pace = new Pace(options.pacing);
    this.#names = reader.sources ?? [options.source];
    this.#ownOrder = reader.ownOrder ?? false;
    this.#headers = this.#names.map((name) => new LotHeaders(name, this.#ownOrder));
    this.#beganMs = client.edges.clock.elapsed();
  }

  /**
   * Replays until the file, the limit or the signal ends it.
   * @throws ReplayError: `partial` once a record was acknowledged, else what the cause says.
   */
  async run(): Promise<ReplayReport> {
    let failure: unknown;
    try {
      await this.#prepare();
      await this.#work();
      this.#bad.checkShare(this.#reader.row);
    } catch (error) {
      failure = error;
    }
    try {
      // Whole lots that were handed over go out, whatever ended the replay; their closing records follow.
      await this.#quarantine.close();
      await this.#producer.flush();
      await this.#producer.close();
    } catch (error) {
      failure ??= error;
      await this.#producer.close(true).catch(() => undefined);
    }
    const report = this.#report();
    if (failure === undefined) return report;
    if (!(failure instanceof StreamctlError)) throw failure;
    this.overtaken =
      this.#resume.producer !== undefined && failure instanceof KafkaFailure && OVERTAKEN.has(failure.kafkaCode);
    throw new ReplayError(report.rows > 0 ? partialError(failure, report) : failure, report);
  }

  async #prepare(): Promise<void> {
    const { topic, lotsTopic, resume } = this.#options;
    if (resume) [this.#resume] = await Promise.all([this.#findResumePoint(), this.#quarantine.resume(this.#bad)]);
    if (this.#resume.producer) this.#producer.continueAs(this.#resume.producer);
    this.#partitions = (await this.#producer.prepare(topic)).partitions.length;
    await this.#producer.prepare(lotsTopic);
    await passOver(this.#reader, this.#block, this.#bad, this.#options.from);
  }

  /**
   * Where a former replay ended, and who it was: this one goes on as that producer, so that what is still on its way of the
   * former is refused, or refuses this one's, but never stands beside it.
   */
  async #findResumePoint(): Promise<ResumePoint> {
    const { topic, lotsTopic, source, anew } = this.#options;
    const members = this.#ownOrder ? this.#names : undefined;
    const find = () => findResumePoint(this.#client, topic, lotsTopic, source, members);
    const found = await find();
    if (found.producer !== undefined && !anew) return found;
    if (found.last.size > 0) await awaitQuiet(this.#client, topic, this.#options.quietMs ?? QUIET_MS);
    return { ...(await find()), producer: undefined };
  }

  async #work(): Promise<void> {
    const { batch, limit, loops, signal } = this.#options;
    for (let loop = 1; loop <= loops; loop++) {
      let more = true;
      while (more && this.#rows < limit && !signal?.aborted) {
        const read = this.#reader.read(this.#block, Math.min(batch, limit - this.#rows));
        more = typeof read === 'boolean' ? read : await read;
        for (const bad of this.#bad.drain()) await this.#quarantine.put(bad);
        if (this.#block.count > 0) await this.#sendLot(more);
        this.#block.clear();
      }
      if (this.#rows >= limit || signal?.aborted) return;
      if (loop === loops) return this.#checkEnd();
      if (!(await this.#reader.rewind()))
        throw new StreamctlError('usage', '--loop: this source can be read only once');
      if (this.#rows === 0) return;
      this.#pace.restart();
    }
  }

  async #sendLot(more: boolean): Promise<void> {
    const block = this.#block;
    this.#lot++;
    this.#rows += block.count;
    const there = this.#countThere();
    const whole = there === block.count;
    if (whole && this.#lot <= this.#resume.closedLot && !this.#mustCheck()) {
      this.#alreadyThere += there;
      return;
    }
    const sha256 = this.#digest();
    this.#checkSame(sha256);
    if (!whole && this.#pace.perLot) await this.#wait(this.#pace.lotDue(this.#nowMs()));
    if (this.#options.signal?.aborted) {
      this.#rows -= block.count;
      return;
    }
    for (const headers of this.#headers) headers.begin(this.#lot, sha256);
    const lastTags = this.#isOneRun() ? await this.#sendRun() : await this.#sendRows();
    this.#alreadyThere += there;
    if (!lastTags) return;
    if (this.#lot > this.#resume.closedLot) this.#closeLot(sha256, lastTags);
    if (!whole) this.#tell(there, more);
  }

  #closeLot(sha256: string, lastTags: ReadonlyMap<number, number>): void {
    const block = this.#block;
    const { source, topic } = this.#options;
    this.#lots.add(
      {
        lot: this.#lot,
        source,
        topic,
        rows: block.count,
        ...rowRange(block),
        bytes: block.used,
        sha256,
      },
      lastTags,
    );
  }

  /** Hands the lot's rows over, each when it is due; gives back the last tag per partition, undefined when cut short. */
  async #sendRows(): Promise<ReadonlyMap<number, number> | undefined> {
    const block = this.#block;
    const { signal } = this.#options;
    const lastTags = new Map<number, number>();
    const first = this.#rows - block.count;
    const isKeyed = block.keyUsed > 0;
    let partition = this.#partitionOf(null);
    let nowMs = this.#client.edges.clock.now();
    for (let index = 0; index < block.count; index++) {
      const key = isKeyed ? block.key(index) : null;
      if (isKeyed) partition = this.#partitionOf(key);
      if (this.#resume.last.size > 0 && this.#isThere(partition, index)) continue;
      if (this.#pace.perRow) {
        const due = this.#pace.rowDue(block.times[index]!, this.#nowMs());
        if (due > this.#nowMs() + EARLY_MS) await this.#wait(due);
        if (signal?.aborted) return undefined;
        nowMs = this.#client.edges.clock.now();
      }
      const tag = first + index + 1;
      lastTags.set(partition, tag);
      if (!this.#append(index, partition, key, nowMs, tag)) await this.#producer.ready();
    }
    return lastTags;
  }

  /** Whether the lot goes to one partition as a whole, at once, with one time, and its rows have nothing of their own but their number. */
  #isOneRun(): boolean {
    const isPlain = this.#block.keyUsed === 0 && this.#headers.length === 1 && !this.#ownOrder;
    return isPlain && !this.#pace.perRow && this.#options.timestamps === 'now' && this.#resume.last.size === 0;
  }

  /** What {@link #sendRows} does, for most lots of most replays: without a decision per row. */
  async #sendRun(): Promise<ReadonlyMap<number, number>> {
    const block = this.#block;
    const partition = this.#partitionOf(null);
    const firstTag = this.#rows - block.count + 1;
    const run = this.#run.over(block, this.#headers[0]!);
    for (let index = 0; index < block.count; ) {
      const nowMs = this.#client.edges.clock.now();
      index = this.#producer.appendRun(this.#options.topic, partition, run, index, nowMs, firstTag);
      if (!this.#producer.hasRoom) await this.#producer.ready();
    }
    this.#sent += block.count;
    return new Map([[partition, this.#rows]]);
  }

  #append(index: number, partition: number, key: Uint8Array | null, nowMs: number, tag: number): boolean {
    const block = this.#block;
    const value = this.#value;
    spanOver(value, block.bytes);
    value.start = block.start(index);
    value.end = block.ends[index]!;
    const headers = this.#headers.length === 1 ? this.#headers[0]! : this.#headers[block.sources![index]!]!;
    headers.row(block.rows[index]!, this.#ownOrder ? this.#placeOf(index) : 0);
    this.#sent++;
    const timestampMs = this.#options.timestamps === 'now' ? nowMs : this.#timestamp(index);
    return this.#producer.appendSpans(this.#options.topic, partition, key, value, headers.span, timestampMs, tag);
  }

  #partitionOf(key: Uint8Array | null): number {
    return (key === null ? this.#lot : murmur2(key) & 0x7fffffff) % this.#partitions;
  }

  #timestamp(index: number): number {
    const time = this.#block.times[index]!;
    if (this.#options.timestamps === 'event') return time;
    this.#shiftMs ??= this.#client.edges.clock.now() - time;
    return time + this.#shiftMs;
  }

  /** Waits until `dueMs`; what was appended goes out meanwhile. */
  async #wait(dueMs: number): Promise<void> {
    const delayMs = dueMs - this.#nowMs();
    if (delayMs > EARLY_MS) await this.#client.edges.clock.sleep(delayMs, this.#options.signal);
  }

  #nowMs(): number {
    return this.#client.edges.clock.elapsed();
  }

  /** How many of the lot's rows the topic holds from a former replay. */
  #countThere(): number {
    if (this.#resume.last.size === 0) return 0;
    let count = 0;
    for (let index = 0; index < this.#block.count; index++) {
      if (this.#isThere(this.#partitionOf(this.#block.key(index)), index)) count++;
    }
    return count;
  }

  #isThere(partition: number, index: number): boolean {
    const last = this.#resume.last.get(partition);
    if (last === undefined) return false;
    return this.#lot < last.lot || (this.#lot === last.lot && this.#placeOf(index) <= last.place);
  }

  /** What counts up from row to row: their number, or their place where they have an order of their own. */
  #placeOf(index: number): number {
    return this.#ownOrder ? this.#rows - this.#block.count + index + 1 : this.#block.rows[index]!;
  }

  #lastOfThisLot(): LastRecord | undefined {
    for (const last of this.#resume.last.values()) if (last.lot === this.#lot) return last;
    return undefined;
  }

  #mustCheck(): boolean {
    return this.#lastOfThisLot() !== undefined;
  }

  /** A former replay's lot of this number must hold the same bytes: else the file or the options are others. */
  #checkSame(sha256: string): void {
    const last = this.#lastOfThisLot();
    if (last === undefined || last.sha256 === sha256) return;
    throw otherFileError(this.#options, `lot ${this.#lot} of the file is not what the topic holds`);
  }

  /** A file that ends before the lots of its name do that the topic holds is another one: nothing of it may be there. */
  #checkEnd(): void {
    const last = Math.max(0, ...[...this.#resume.last.values()].map(({ lot }) => lot));
    if (last <= this.#lot) return;
    throw otherFileError(this.#options, `the topic holds its lot ${last}, the file ends with lot ${this.#lot}`);
  }

  #digest(): string {
    return this.#client.edges.crypto.hashHex('sha256', this.#block.bytes.subarray(0, this.#block.used));
  }

  #tell(alreadyThere: number, more: boolean): void {
    const { onLot, pacing, limit } = this.#options;
    if (!onLot) return;
    const last = !more || this.#rows >= limit;
    const progress: LotProgress = {
      lot: this.#lot,
      rows: this.#block.count,
      alreadyThere,
      sentRows: this.#sent,
      acknowledgedRows: this.#ranges.records,
      badRows: this.#bad.count,
      nextInMs: last || pacing.kind !== 'batch' ? 0 : pacing.pauseMs,
    };
    onLot(progress);
  }

  #report(): ReplayReport {
    const { topic, source, signal } = this.#options;
    return {
      topic,
      source,
      rows: this.#ranges.records,
      lots: this.#lots.closed,
      lastRow: this.#ownOrder ? 0 : this.#lots.lastRow,
      badRows: this.#bad.count,
      badReasons: this.#bad.reasons,
      alreadyThere: this.#alreadyThere,
      partitions: this.#ranges.list(),
      elapsedMs: this.#nowMs() - this.#beganMs,
      interrupted: signal?.aborted ?? false,
      remarks: this.#reader.remarks(),
    };
  }
}
