const FIRST_BYTES = 64 * 1024;
const FIRST_ROWS = 256;

/**
 * Rows as JSON texts, one after the other, each followed by a line feed: what a text file becomes on its way to
 * records. No object per row; the arrays are used again after `clear`.
 */
export class RowBlock {
  /** The texts; valid up to `used`. */
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  used = 0;
  /** Where text `i` ends, before its line feed; it begins one past the end of the one before. */
  ends: Int32Array = new Int32Array(FIRST_ROWS);
  count = 0;
  /** Row numbers in the file, from 1. */
  rows: Float64Array = new Float64Array(FIRST_ROWS);
  /** Event times, epoch milliseconds, where a time column was named; else 0. */
  times: Float64Array = new Float64Array(FIRST_ROWS);
  /** Keys back to back; `keyEnds[i]` is where key `i` ends, -1 when the row has no key. */
  keyBytes: Uint8Array = new Uint8Array(1024);
  keyEnds: Int32Array = new Int32Array(FIRST_ROWS);
  keyUsed = 0;
  /** Which of several files each row comes from; undefined where there is one. */
  sources: Int32Array | undefined;

  clear(): void {
    this.used = 0;
    this.count = 0;
    this.keyUsed = 0;
  }

  /** Start of text `index` in `bytes`. */
  start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]! + 1;
  }

  /** Makes room for at least `free` more bytes of text. */
  reserve(free: number): void {
    // A few bytes behind the last text stay free: copying goes by words.
    if (this.bytes.length - this.used >= free + 4) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.used + free + 4));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }

  /** Ends a row whose text was written to `bytes[used, end)`; the line feed is added here. */
  push(end: number, row: number, time: number): void {
    const index = this.count;
    if (index === this.ends.length) this.#growRows();
    this.bytes[end] = 0x0a;
    this.ends[index] = end;
    this.rows[index] = row;
    this.times[index] = time;
    this.keyEnds[index] = -1;
    this.used = end + 1;
    this.count = index + 1;
  }

  /** Gives the row pushed last its key. */
  pushKey(key: Uint8Array): void {
    const end = this.keyUsed + key.length;
    if (end > this.keyBytes.length) {
      const larger = new Uint8Array(Math.max(this.keyBytes.length * 2, end));
      larger.set(this.keyBytes.subarray(0, this.keyUsed));
      this.keyBytes = larger;
    }
    this.keyBytes.set(key, this.keyUsed);
    this.keyUsed = end;
    this.keyEnds[this.count - 1] = end;
  }

  /** Says which file the row pushed last comes from. */
  setSource(source: number): void {
    if (this.sources === undefined || this.sources.length < this.ends.length) {
      const larger = new Int32Array(this.ends.length);
      larger.set(this.sources ?? []);
      this.sources = larger;
    }
    this.sources[this.count - 1] = source;
  }

  /** Adds a row whose text is copied. */
  add(row: HeldRow): void {
    this.reserve(row.text.length + 1);
    this.bytes.set(row.text, this.used);
    this.push(this.used + row.text.length, row.row, row.timeMs);
    if (row.key !== null) this.pushKey(row.key);
    if (row.source !== undefined) this.setSource(row.source);
  }

  /** A copy of row `index`, to be held while the block is used again. */
  hold(index: number): HeldRow {
    return {
      text: this.bytes.slice(this.start(index), this.ends[index]!),
      key: this.key(index)?.slice() ?? null,
      row: this.rows[index]!,
      timeMs: this.times[index]!,
      source: this.sources?.[index],
    };
  }

  /** The key of row `index`, a view; null when it has none. */
  key(index: number): Uint8Array | null {
    const end = this.keyEnds[index]!;
    if (end < 0) return null;
    let start = 0;
    for (let before = index - 1; before >= 0; before--) {
      if (this.keyEnds[before]! >= 0) {
        start = this.keyEnds[before]!;
        break;
      }
    }
    return this.keyBytes.subarray(start, end);
  }

  #growRows(): void {
    const size = this.ends.length * 2;
    const grow = <T extends Int32Array | Float64Array>(larger: T, old: T): T => {
      larger.set(old);
      return larger;
    };
    this.ends = grow(new Int32Array(size), this.ends);
    this.keyEnds = grow(new Int32Array(size), this.keyEnds);
    this.rows = grow(new Float64Array(size), this.rows);
    this.times = grow(new Float64Array(size), this.times);
    if (this.sources) this.sources = grow(new Int32Array(size), this.sources);
  }
}

/** A row by itself. */
export interface HeldRow {
  readonly text: Uint8Array;
  readonly key: Uint8Array | null;
  /** Number in its file, from 1. */
  readonly row: number;
  readonly timeMs: number;
  /** Which of several files it comes from. */
  readonly source: number | undefined;
}

/** A row of a file that is no record: told to the reader's owner, who stops, skips or quarantines. */
export interface BadRow {
  /** Row number in the file, from 1, the header not counted. */
  readonly row: number;
  /** Line the row begins in, from 1. */
  readonly line: number;
  readonly reason: string;
  readonly hint?: string;
  /** What follows it cannot be told apart from it: the file ends here whatever is done about bad rows. */
  readonly fatal?: boolean;
  /** The row as it stands in the file, without its line end; a view that is only valid during the call. */
  readonly bytes: Uint8Array;
}
