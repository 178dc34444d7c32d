import { utf8 } from '../../../../src/base/bytes.js';
import type { KafkaClient } from '../../../../src/connect/kafka/client.js';
import { type BadRowLimit, type BadRowPolicy, BadRows } from '../../../../src/connect/sources/replay/bad-rows.js';
import { StreamSource } from '../../../../src/connect/sources/replay/byte-source.js';
import type { ReplayOptions, ReplayReport } from '../../../../src/connect/sources/replay/interfaces.js';
import { MemorySource } from '../../../../src/connect/sources/replay/memory-source.js';
import { openReader } from '../../../../src/connect/sources/replay/open-reader.js';
import type { OpenOptions, RowReader } from '../../../../src/connect/sources/replay/row-reader.js';
import { runReplay } from '../../../../src/connect/sources/replay/run-replay.js';
import { type Cluster, readAll, type SeenRecord } from '../../kafka/cluster-harness.js';

export interface ReplayInput extends Partial<Omit<ReplayOptions, 'topic'>> {
  readonly open?: Partial<OpenOptions>;
  readonly policy?: BadRowPolicy;
  readonly maxBad?: BadRowLimit;
  /** Hands the file over as a stream of pieces of so many bytes. */
  readonly pieces?: number;
  /** Puts something around the reader of the file. */
  readonly around?: (reader: RowReader) => RowReader;
}

/** Replays `text` as a file called `source` into `topic`. */
export async function replayText(
  client: KafkaClient,
  topic: string,
  text: string | Uint8Array,
  input: ReplayInput = {},
): Promise<ReplayReport> {
  const { open, policy, maxBad, pieces, around, ...options } = input;
  const name = options.source ?? 'file.csv';
  const bytes = typeof text === 'string' ? utf8(text) : text;
  const bad = new BadRows(name, policy ?? 'stop', maxBad);
  const source = pieces === undefined ? new MemorySource(name, bytes) : new StreamSource(piecesOf(bytes, pieces), name);
  const reader = await openReader(source, { ...open, onBad: bad.take });
  return runReplay(client, around ? around(reader) : reader, bad, {
    topic,
    lotsTopic: `${topic}-lots`,
    quarantineTopic: `${topic}-quarantine`,
    source: name,
    batch: 100,
    pacing: { kind: 'batch', pauseMs: 0 },
    timestamps: 'now',
    from: 1,
    limit: Number.POSITIVE_INFINITY,
    loops: 1,
    resume: false,
    quietMs: 0,
    ...options,
  });
}

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Makes a topic and its lots topic. */
export async function replayTopic(cluster: Cluster, name: string, partitions: number): Promise<string> {
  await cluster.topic(`${name}-lots`, 1);
  return cluster.topic(name, partitions);
}

/** The rows of a topic in the order of the file, as objects, with lot and row of their headers. */
export function rowsOf(records: readonly SeenRecord[]): { lot: number; row: number; value: unknown }[] {
  const rows = records.map(({ headers, value }) => ({
    lot: Number(headers['streamctl-lot']),
    row: Number(headers['streamctl-row']),
    value: JSON.parse(value!) as unknown,
  }));
  return rows.sort((a, b) => a.lot - b.lot || a.row - b.row);
}

export { readAll };
