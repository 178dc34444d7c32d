import type { RowBatch } from '../base/row-batch.js';
import type { DecodedRecords } from '../connect/codecs/interfaces.js';
import type { FetchedRecords } from '../connect/kafka/interfaces.js';
import type { Job, Output } from '../engine/job.js';
import type { RejectedRow } from './interfaces.js';
import type { Report } from './report.js';
import type { ResultWriter } from './result-writer.js';
import type { SideOutputs } from './side-outputs.js';

/** Turns the record batches of one source into rows with the columns that the plan reads. */
export interface RowCodec {
  decode(records: FetchedRecords): DecodedRecords;
}

/** One source of the plan. */
export interface LoopSource {
  readonly name: string;
  readonly topic: string;
  readonly codec: RowCodec;
}

/** The stations that rows pass. Where results and rows that are set aside need not be written, there is no writer. */
export interface LoopParts {
  readonly sources: readonly LoopSource[];
  readonly job: Job;
  readonly results: ResultWriter | undefined;
  readonly side: SideOutputs | undefined;
  readonly report: Report;
  /** Told of everything that cannot be used; says whether it is to be set aside. */
  readonly rejected: (row: RejectedRow) => boolean;
  /** One past the last offset to take of a partition; Infinity where there is no end. */
  readonly endOf: (records: FetchedRecords) => number;
}

/**
 * How one row travels: source -> codec -> filter, derive, lookup -> window -> aggregate -> sink.
 * Everything that happens to a row happens below, in this order; nothing else in the program moves rows.
 */
export class Loop {
  readonly #parts: LoopParts;
  #delivered = 0;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** Takes the records of one partition the whole way. Resolves when all that came of them was handed to the producer. */
  async walk(records: FetchedRecords): Promise<void> {
    for (const source of this.#sourcesOf(records)) {
      const rows = await this.#decode(source, records);
      // In the job: its filters, checks and derived columns, then the windows, then the aggregates (engine/operators/).
      this.#parts.job.feed(source.name, rows);
      await this.deliver(records);
    }
  }

  /** Hands on what the job has ready. @param records the records it came from; undefined when time alone made it. */
  async deliver(records?: FetchedRecords): Promise<void> {
    for (const output of this.#parts.job.drain()) {
      this.#delivered++;
      await this.#toSink(output, records);
    }
  }

  /** Batches of results, late and rejected rows handed on so far. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Source: a topic may feed several sources of a plan. */
  #sourcesOf(records: FetchedRecords): readonly LoopSource[] {
    return this.#parts.sources.filter((source) => source.topic === records.topic);
  }

  /** Codec: bytes become rows; what is no row goes to the dead letters. */
  async #decode(source: LoopSource, records: FetchedRecords): Promise<RowBatch> {
    const end = this.#parts.endOf(records);
    const decoded = source.codec.decode(records);
    const rejected = decoded.rejected.filter(({ offset }) => offset < end);
    for (const record of rejected) this.#parts.report.rejected(record);
    const aside = rejected.filter((record) => this.#parts.rejected(record));
    if (aside.length > 0) await this.#parts.side?.records(aside, records);
    const rows = before(decoded.rows, end);
    this.#parts.report.rows(records.topic, rows, decoded.recordCount - (decoded.rows.length - rows.length));
    return rows;
  }

  /** Sink: results, late rows and rejected rows each go their way. */
  async #toSink(output: Output, records: FetchedRecords | undefined): Promise<void> {
    const { report, results, side, job } = this.#parts;
    switch (output.kind) {
      case 'result':
        report.results(output);
        return results?.write(output);
      case 'late':
        report.late(output, records?.topic ?? '', job.watermark());
        return side?.late(output, records);
      case 'rejected': {
        const rows = report.rejectedRows(output, records?.topic ?? '');
        const aside = rows.filter((row) => this.#parts.rejected(row));
        return aside.length > 0 ? side?.rejected(output, records) : undefined;
      }
    }
  }
}

/** The rows with offsets below `end`: a bounded run takes nothing that came after its start. */
function before(rows: RowBatch, end: number): RowBatch {
  if (rows.length === 0 || rows.offsets![rows.length - 1]! < end) return rows;
  let length = 0;
  while (length < rows.length && rows.offsets![length]! < end) length++;
  return { ...rows, length };
}
