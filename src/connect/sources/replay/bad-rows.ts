import { StreamctlError } from '../../../base/errors.js';
import type { BadRow } from '../../codecs/row-block.js';

/** What to do about rows that are no records. */
export type BadRowPolicy = 'stop' | 'skip' | 'quarantine';

/** How many bad rows are too many. */
export interface BadRowLimit {
  readonly rows?: number;
  /** Share of all rows read, 0 to 1. */
  readonly share?: number;
}

/** A bad row, kept for quarantine. */
export interface KeptBadRow extends Omit<BadRow, 'bytes'> {
  readonly bytes: Uint8Array;
}

/** Which bad row of a file: what its record in quarantine says of it. */
export type BadRowMark = Pick<KeptBadRow, 'row' | 'line' | 'reason'>;

const KEPT_REASONS = 5;
/** A share means little among a few rows. */
const SHARE_FROM_ROWS = 1000;

/** Reads `--max-bad`: `10` or `1%`. @throws `usage` */
export function parseBadRowLimit(text: string): BadRowLimit {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  if (!match || (match[2] === '' && text.includes('.')) || (match[2] === '%' && Number(match[1]) > 100)) {
    throw new StreamctlError('usage', `--max-bad: "${text}" is neither a count nor a share`, {
      hint: 'write 10 or 1%',
    });
  }
  return match[2] === '%' ? { share: Number(match[1]) / 100 } : { rows: Number(match[1]) };
}

/** Takes the bad rows of a file: ends the replay, or counts and keeps them for quarantine. */
export class BadRows {
  count = 0;
  /** The first few, as sentences. */
  readonly reasons: string[] = [];
  readonly #file: string;
  readonly #policy: BadRowPolicy;
  readonly #limit: BadRowLimit;
  #kept: KeptBadRow[] = [];
  /** Of this reading of the file; those up to {@link BadRows.#given} were given out in a former one. */
  #seen = 0;
  #given = 0;
  /** Rows up to this one do not matter. */
  #ignored = 0;
  /** The last one that a former replay put into quarantine, until it comes by. */
  #awaited: BadRowMark | undefined;

  constructor(file: string, policy: BadRowPolicy, limit: BadRowLimit = {}) {
    this.#file = file;
    this.#policy = policy;
    this.#limit = limit;
  }

  /** To be handed to the reader. @throws `bad-data` where the replay has to stop, `quality-gate` beyond the limit. */
  readonly take = (bad: BadRow): void => this.#take(bad, this.#file);

  /** What takes those of one of several files: their reasons say which. */
  of(file: string): (bad: BadRow) => void {
    return (bad) => this.#take(bad, file);
  }

  #take(bad: BadRow, file: string): void {
    if (bad.row <= this.#ignored && !bad.fatal) return;
    const place = `${file}:${bad.line}: row ${bad.row}: ${bad.reason}`;
    if (this.#policy === 'stop' || bad.fatal) {
      throw new StreamctlError('bad-data', place, {
        hint:
          bad.hint ??
          (bad.fatal
            ? 'close the quote'
            : 'correct the row, or leave such rows out with --on-error skip or quarantine'),
      });
    }
    this.count++;
    if (this.reasons.length < KEPT_REASONS) this.reasons.push(place);
    if (this.areKept) this.#keep(file === this.#file ? bad : { ...bad, reason: `${file}: ${bad.reason}` });
    const { rows } = this.#limit;
    if (rows !== undefined && this.count > rows) throw this.#tooMany(`at most ${rows} are allowed`);
    if (bad.row >= SHARE_FROM_ROWS) this.checkShare(bad.row);
  }

  /** Whether they go into quarantine. */
  get areKept(): boolean {
    return this.#policy === 'quarantine';
  }

  /** Has bad rows up to number `row` count for nothing; 0 ends that. */
  ignoreUpTo(row: number): void {
    this.#ignored = row;
  }

  /** Bad rows up to `last` stand in quarantine already: they count, and are not kept. */
  passOver(last: BadRowMark): void {
    this.#awaited = last;
  }

  #keep(bad: BadRow): void {
    if (++this.#seen <= this.#given) return;
    if (!this.#awaited) {
      this.#kept.push({ ...bad, bytes: bad.bytes.slice() });
      return;
    }
    this.#given++;
    const { row, line, reason } = this.#awaited;
    if (bad.row === row && bad.line === line && bad.reason === reason) this.#awaited = undefined;
  }

  /** Those kept for quarantine since the last call. */
  drain(): readonly KeptBadRow[] {
    const kept = this.#kept;
    if (kept.length > 0) this.#kept = [];
    this.#given += kept.length;
    return kept;
  }

  /** The file is read from its beginning again: nothing counts twice. */
  restart(): void {
    this.count = 0;
    this.reasons.length = 0;
    this.#kept = [];
    this.#seen = 0;
  }

  /** @param rowsRead all rows so far, bad ones included. @throws `quality-gate` */
  checkShare(rowsRead: number): void {
    const { share } = this.#limit;
    if (share === undefined || this.count <= share * rowsRead) return;
    throw this.#tooMany(`at most ${share * 100} % of ${rowsRead} rows are allowed`);
  }

  #tooMany(allowed: string): StreamctlError {
    return new StreamctlError(
      'quality-gate',
      `${this.#file}: ${this.count} bad ${this.count === 1 ? 'row' : 'rows'}, ${allowed}`,
      {
        detail: this.reasons.join('; '),
        hint: 'correct the file, or allow more with --max-bad',
      },
    );
  }
}
