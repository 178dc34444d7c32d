import type { KafkaClient } from '../../../connect/kafka/client.js';
import type { PartitionFetcher } from '../../../connect/kafka/fetcher.js';
import type { FetchedRecords, TopicPartition, TopicPartitionOffset } from '../../../connect/kafka/interfaces.js';
import type { BatchHeader } from '../../../wire/record-batch.js';
import type { RecordCursor } from '../../../wire/record-cursor.js';
import { ByteWriter } from '../frame/byte-writer.js';
import type { Context } from '../frame/context.js';
import { resolvePositions } from './offset-positions.js';
import type { OffsetRange } from './offset-range.js';
import type { RecordPlace, RecordWriter } from './record-format.js';
import { walkRecords } from './record-walk.js';
import type { RowSelector } from './row-selector.js';

/** How long one wait for records lasts before ends and signals are looked at again. */
const WAIT_MS = 1000;

export interface PlainConsumeOptions {
  readonly range: OffsetRange;
  /** Where the range begins, of partitions of which that was looked up before. */
  readonly beginnings: readonly TopicPartitionOffset[];
  /** Ends at the end offsets read when a partition is begun. */
  readonly stopAtEnd: boolean;
  /** Most records to write. */
  readonly limit: number;
  readonly write: RecordWriter;
  /** Writes a record of which only some columns are wanted, given as JSON text. */
  readonly writeColumns: ColumnsWriter;
  /** Chooses and rewrites records by their columns; undefined takes all as they are. */
  readonly selector: RowSelector | undefined;
}

/** See {@link PlainConsumeOptions.writeColumns}. */
export type ColumnsWriter = (out: ByteWriter, columns: Uint8Array, cursor: RecordCursor, place: RecordPlace) => void;

/** Why {@link PlainConsume.run} came back. */
export type ConsumeEnd = 'eof' | 'count' | 'stopped';

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** Reads partitions and writes their records; memory does not grow with what is read. */
export class PlainConsume {
  readonly #context: Context;
  readonly #client: KafkaClient;
  readonly #fetcher: PartitionFetcher;
  readonly #options: PlainConsumeOptions;
  readonly #out: ByteWriter;
  /** Offset at which a partition is done, by name; Infinity where it never is. */
  readonly #stops = new Map<string, number>();
  /** One past the last record that was written, by name. */
  readonly #positions = new Map<string, TopicPartitionOffset>();
  /** Whether an end of all input is possible and wanted. */
  readonly #bounded: boolean;
  #written = 0;

  constructor(context: Context, client: KafkaClient, fetcher: PartitionFetcher, options: PlainConsumeOptions) {
    this.#context = context;
    this.#client = client;
    this.#fetcher = fetcher;
    this.#options = options;
    this.#out = new ByteWriter(context.stdout);
    this.#bounded = options.stopAtEnd || options.range.to !== undefined || context.stream.wantsEof;
  }

  /** Records written so far. */
  get written(): number {
    return this.#written;
  }

  /** Where each partition stands: what a group commits. */
  positions(): readonly TopicPartitionOffset[] {
    return [...this.#positions.values()];
  }

  /**
   * Starts reading `partitions`.
   * @param committed offsets to go on from instead of the range's begin, by topic and partition.
   */
  async begin(partitions: readonly TopicPartition[], committed: readonly TopicPartitionOffset[] = []): Promise<void> {
    const { range, beginnings } = this.#options;
    const known = new Map([...beginnings, ...committed].map((offset) => [nameOf(offset), offset.offset]));
    const starts = await resolvePositions(this.#client, partitions, range.from);
    const stops = await this.#stopsOf(partitions);
    const readable: TopicPartitionOffset[] = [];
    starts.forEach((start, index) => {
      const name = nameOf(start);
      const offset = known.get(name) ?? start.offset;
      this.#positions.set(name, { ...start, offset });
      const stop = stops?.[index]?.offset ?? Number.POSITIVE_INFINITY;
      this.#stops.set(name, stop);
      if (offset < stop) readable.push({ ...start, offset });
      else this.#stops.delete(name);
    });
    this.#fetcher.assign(readable);
  }

  /** Makes {@link PlainConsume.run} look around now. */
  wake(): void {
    this.#fetcher.wake();
  }

  /** Stops reading `partitions`; their positions are forgotten. */
  drop(partitions: readonly TopicPartition[]): void {
    this.#fetcher.remove(partitions);
    for (const partition of partitions) {
      this.#stops.delete(nameOf(partition));
      this.#positions.delete(nameOf(partition));
    }
  }

  /**
   * Reads until the end, the limit, or the signal.
   * @param between runs after each piece that was written.
   */
  async run(between: () => Promise<void> = async () => undefined): Promise<ConsumeEnd> {
    const { signal, stdout, stream } = this.#context;
    const wake = (): void => this.#fetcher.wake();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted) {
        if (this.#left() <= 0) return 'count';
        if (this.#bounded && this.#stops.size === 0) {
          stream.eof();
          return 'eof';
        }
        const fetched = await this.#fetcher.next(WAIT_MS);
        if (signal.aborted) break;
        if (fetched) {
          this.#take(fetched);
          this.#fetcher.release(fetched);
          this.#out.flush();
          await stdout.ready();
        }
        if (stream.wantsLag) stream.lag(this.#lag());
        await between();
      }
      return 'stopped';
    } finally {
      signal.removeEventListener('abort', wake);
      this.#out.flush();
    }
  }

  async #stopsOf(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[] | undefined> {
    const { range } = this.#options;
    if (!this.#bounded) return undefined;
    const stops = range.to ? await resolvePositions(this.#client, partitions, range.to) : undefined;
    if (range.to && range.to.kind !== 'offset') return stops;
    // A range that ends beyond what is there waits for it, unless -e asks for what is there now.
    const wanted = range.to?.kind === 'offset' ? range.to.offset : Number.POSITIVE_INFINITY;
    if (!this.#options.stopAtEnd && !this.#context.stream.wantsEof) {
      return partitions.map((partition) => ({ ...partition, offset: wanted }));
    }
    const ends = await resolvePositions(this.#client, partitions, { kind: 'end' });
    return ends.map((end) => ({ ...end, offset: Math.min(end.offset, wanted) }));
  }

  #left(): number {
    return Math.min(this.#options.limit - this.#written, this.#context.stream.remaining);
  }

  #take(fetched: FetchedRecords): void {
    const name = nameOf(fetched);
    const stop = this.#stops.get(name);
    if (stop === undefined) return;
    const { write, selector } = this.#options;
    const { stream, compression } = this.#context;
    const place = { topic: fetched.topic, partition: fetched.partition, leaderEpoch: -1 };
    const out = this.#out;
    const left = this.#left();
    let count = 0;
    const chosen = selector?.select(fetched, stop, left);
    const columns = chosen?.columns;
    const visit = (cursor: RecordCursor, batch: BatchHeader): boolean => {
      if (chosen && !chosen.takes(cursor.offset)) return true;
      place.leaderEpoch = batch.leaderEpoch;
      if (columns) this.#options.writeColumns(out, columns(), cursor, place);
      else write(out, cursor, place, this.#written + count);
      count++;
      return count < left;
    };
    const next = walkRecords(fetched, stop, compression, visit);
    this.#written += count;
    this.#positions.set(name, { topic: fetched.topic, partition: fetched.partition, offset: next });
    if (next >= stop) {
      this.#stops.delete(name);
      this.#fetcher.remove([fetched]);
    }
    stream.rows(count, chosen?.rows);
  }

  #lag(): number {
    let lag = 0;
    for (const position of this.#positions.values()) {
      lag += Math.max(0, (this.#fetcher.endOffset(position) ?? Number.POSITIVE_INFINITY) - position.offset);
    }
    return lag;
  }
}
