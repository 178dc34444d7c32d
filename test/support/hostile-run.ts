import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { concatBytes } from '../../src/base/bytes.js';
import type { CompressionName } from '../../src/base/codec-interfaces.js';
import { systemCompression } from '../../src/base/compression.js';
import { systemNetwork } from '../../src/base/system.js';
import { produceApi } from '../../src/wire/apis/00-produce.js';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { createTopicsApi } from '../../src/wire/apis/19-create-topics.js';
import { encodeRequest } from '../../src/wire/frame.js';
import { readCompleteBatches } from '../../src/wire/record-batch.js';
import { RecordBatchBuilder } from '../../src/wire/record-batch-builder.js';
import { type BrokerProcess, startBrokerProcess } from './broker-process.js';
import { batchOf } from './sim-broker.js';
import { WireClient } from './wire-client.js';

const PACE_MS = 5;
const BOMB_PIECE_BYTES = 64 << 20;
const BOMB_PIECES = 16;
const LARGE_BATCH_BYTES = 1_000_000;
const LARGE_BATCHES = 24;

/** What the hostile clients did and what became of them. */
export interface HostileCounts {
  readonly idle: number;
  readonly idleClosed: number;
  readonly garbage: number;
  readonly garbageClosed: number;
  readonly bombs: number;
  readonly bombsAnswered: number;
  readonly halfOpen: number;
  readonly halfOpenClosed: number;
  readonly slow: number;
  readonly slowClosed: number;
}

/** What a run found. */
export interface HostileReport {
  readonly hostile: HostileCounts;
  /** Requests of the good client, all answered rightly. */
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Largest resident memory of the broker. */
  readonly peakMib: number;
}

/** A good client produces and fetches at a steady pace while hostile ones do all they can. @throws Error when it is let down */
export async function runHostile(idleConnections: number, durationMs: number): Promise<HostileReport> {
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-hostile-'));
  let broker: BrokerProcess | undefined;
  let hostile: ChildProcess | undefined;
  try {
    broker = await startBrokerProcess(join(folder, 'data'));
    const { port, child } = broker;
    const client = await WireClient.open(systemNetwork, port);
    await prepareTopics(client);
    for (const name of ['gzip', 'zstd'] as const) writeFileSync(join(folder, name), await bomb(name));
    writeFileSync(join(folder, 'fetch'), fetchRequest());
    const script = resolve('test/support/hostile-clients.js');
    hostile = spawn(process.execPath, [script, String(port), String(idleConnections), folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const latenciesMs = await beGood(client, durationMs);
    hostile.stdin!.end();
    const [counts] = (await once(hostile.stdout!, 'data')) as [Buffer];
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the broker ended: ${broker.output()}`);
    const peakMib = peakMemoryMib(child.pid!);
    // A client that comes later is served too.
    const late = await WireClient.open(systemNetwork, port);
    await late.call(fetchApi, 11, fetchBody('good', 0n));
    late.close();
    client.close();
    latenciesMs.sort((a, b) => a - b);
    const at = (share: number): number => latenciesMs[Math.floor((latenciesMs.length - 1) * share)]!;
    const hostileCounts = JSON.parse(counts.toString()) as HostileCounts;
    return {
      hostile: hostileCounts,
      requests: latenciesMs.length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(1),
      peakMib,
    };
  } finally {
    hostile?.kill('SIGKILL');
    if (broker && broker.child.exitCode === null) {
      const gone = once(broker.child, 'exit');
      broker.child.kill('SIGKILL');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A line for whoever reads the run's output. */
export function hostileSummary(report: HostileReport): string {
  const { requests, p50Ms, p99Ms, maxMs, peakMib, hostile } = report;
  const times = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms`;
  return `hostile: ${requests} good requests, ${times}, broker at most ${peakMib.toFixed(0)} MiB; ${JSON.stringify(hostile)}`;
}

async function prepareTopics(client: WireClient): Promise<void> {
  const topic = (name: string, configs: { name: string; value: string }[] = []) => ({
    name,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs,
  });
  const topics = [topic('good'), topic('large'), topic('compacted', [{ name: 'cleanup.policy', value: 'compact' }])];
  const made = await client.call(createTopicsApi, 5, { topics, timeoutMs: 5000 });
  if (made.topics.some(({ errorCode }) => errorCode !== 0)) throw new Error(JSON.stringify(made.topics));
  for (let n = 0; n < LARGE_BATCHES; n++) await produce(client, 'large', batchOf(['x'.repeat(LARGE_BATCH_BYTES)]));
}

/** One record, and the same record back, again and again; how long each request took. */
async function beGood(client: WireClient, durationMs: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  const timed = async <T>(action: Promise<T>): Promise<T> => {
    const before = performance.now();
    const result = await action;
    latenciesMs.push(performance.now() - before);
    return result;
  };
  const end = performance.now() + durationMs;
  for (let offset = 0n; performance.now() < end; offset++) {
    const written = await timed(produce(client, 'good', batchOf([`good ${offset}`], undefined, Date.now())));
    if (written !== offset) throw new Error(`record ${offset} is at offset ${written}`);
    const answer = await timed(client.call(fetchApi, 11, fetchBody('good', offset)));
    const [batch] = readCompleteBatches(answer.responses[0]!.partitions[0]!.records!);
    if (batch?.baseOffset !== Number(offset)) throw new Error(`record ${offset} does not come back`);
    await pause(PACE_MS);
  }
  return latenciesMs;
}

async function produce(client: WireClient, name: string, records: Uint8Array): Promise<bigint> {
  const topicData = [{ name, partitionData: [{ index: 0, records }] }];
  const answer = await client.call(produceApi, 9, { acks: -1, timeoutMs: 5000, topicData });
  const { errorCode, baseOffset } = answer.responses[0]!.partitionResponses[0]!;
  if (errorCode !== 0) throw new Error(`a good record is refused with error ${errorCode}`);
  return baseOffset;
}

function fetchBody(topic: string, fetchOffset: bigint) {
  const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 64 << 20 }];
  return { maxWaitMs: 1000, minBytes: 1, maxBytes: 64 << 20, topics: [{ topic, partitions }] };
}

function fetchRequest(): Uint8Array {
  return concatBytes(encodeRequest(fetchApi, 11, 1, 'slow', fetchBody('large', 0n)));
}

/** A produce request of a megabyte whose batch inflates to a gigabyte, for a topic where the broker has to look inside. */
async function bomb(name: CompressionName): Promise<Uint8Array> {
  await systemCompression.prepare(name);
  const plain = new Uint8Array(BOMB_PIECE_BYTES);
  const piece = name === 'gzip' ? gzipSync(plain) : systemCompression.compress(name, plain);
  const packed = concatBytes(Array.from({ length: BOMB_PIECES }, () => piece));
  const builder = new RecordBatchBuilder();
  builder.append(Date.now(), new Uint8Array(1), null);
  const codec = { ...systemCompression, compress: () => packed };
  const records = builder.finish({ compression: { name, codec } });
  const topicData = [{ name: 'compacted', partitionData: [{ index: 0, records }] }];
  return concatBytes(encodeRequest(produceApi, 9, 1, 'bomber', { acks: -1, timeoutMs: 5000, topicData }));
}

function peakMemoryMib(pid: number): number {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
