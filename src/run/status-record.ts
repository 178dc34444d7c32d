import { fromUtf8, utf8 } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { DashboardSnapshot, ResultRow, ResultTable } from '../plan/snapshot.js';

/** Bound of one status record: below the megabyte that a broker takes by default. */
export const MAX_STATUS_BYTES = 512 * 1024;
/** Version of the record's form; a reader passes over others. */
const STATUS_VERSION = 1;
const BIG = '$bigint';

/** What a run writes to `<pipeline>-status`. */
export interface StatusRecord {
  /** Tells runs of the same pipeline apart. */
  readonly runId: string;
  readonly snapshot: DashboardSnapshot;
}

/**
 * The record's bytes: JSON, with integers beyond 2^53 as `{"$bigint":"..."}`. A snapshot that would be larger than
 * {@link MAX_STATUS_BYTES} loses its trends first, then its last rows, which are counted as dropped.
 */
export function encodeStatus(status: StatusRecord): Uint8Array {
  let bytes = write(status);
  if (bytes.length > MAX_STATUS_BYTES) bytes = write(withRows(status, (rows) => rows.map(withoutTrends)));
  const { results, pages = [] } = status.snapshot;
  const most = Math.max(...[results, ...pages.map((page) => page.results)].map(({ rows }) => rows.length));
  for (let keep = most >> 1; bytes.length > MAX_STATUS_BYTES && keep > 0; keep >>= 1) {
    bytes = write(withRows(status, (rows) => rows.slice(0, keep).map(withoutTrends)));
  }
  return bytes;
}

/** @throws `bad-data` when the bytes are no status record of a known version. */
export function decodeStatus(bytes: Uint8Array): StatusRecord {
  try {
    const parsed = JSON.parse(fromUtf8(bytes), revive) as { v: unknown } & StatusRecord;
    if (parsed.v === STATUS_VERSION && typeof parsed.snapshot === 'object') {
      return { runId: String(parsed.runId), snapshot: parsed.snapshot };
    }
  } catch {
    // Said below, in our words.
  }
  throw new StreamctlError('bad-data', 'a record of the status topic is no status record of this version');
}

function write({ runId, snapshot }: StatusRecord): Uint8Array {
  return utf8(
    JSON.stringify({ v: STATUS_VERSION, runId, snapshot }, (_key, value: unknown) =>
      typeof value === 'bigint' ? { [BIG]: value.toString() } : value,
    ),
  );
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(BIG in value)) return value;
  return BigInt(String(value[BIG]));
}

function withRows(
  { runId, snapshot }: StatusRecord,
  change: (rows: readonly ResultRow[]) => readonly ResultRow[],
): StatusRecord {
  const changed = (results: ResultTable): ResultTable => {
    const rows = change(results.rows);
    const dropped = (results.dropped ?? 0) + results.rows.length - rows.length;
    return { ...results, rows, ...(dropped > 0 ? { dropped } : {}) };
  };
  const { results, pages } = snapshot;
  return {
    runId,
    snapshot: {
      ...snapshot,
      results: changed(results),
      ...(pages ? { pages: pages.map((page) => ({ ...page, results: changed(page.results) })) } : {}),
    },
  };
}

function withoutTrends({ trends: _trends, ...row }: ResultRow): ResultRow {
  return row;
}
