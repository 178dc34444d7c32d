// The same million lines in and out: streamctl, kcat, Kafka's console tools, on Apache Kafka and on the embedded broker.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { withBrokers } from './brokers.js';
import { writeCars } from './cars-file.js';
import { cost, has, inTurn, kafka, measure, median, rate, ratio, scratch, streamctl, table } from './lib.js';

const ROWS = Number(process.env.BENCH_ROWS ?? 1_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);

function producers(address, { file, json }, folder) {
  const topic = (name, round) => `${name}-${round}`;
  return {
    'streamctl replay (CSV to JSON, lots)': (round) =>
      streamctl(['replay', file, '-b', address, '-t', topic('ours', round), '--speed', 'max', '-q'], { cwd: folder }),
    ...(has('kcat')
      ? {
          'kcat -P (lines as they are)': (round) =>
            measure('kcat', ['-P', '-b', address, '-t', topic('kcat', round), '-X', 'acks=all', '-l', file]),
          'kcat -P (the same rows as ready JSON lines)': (round) =>
            measure('kcat', ['-P', '-b', address, '-t', topic('json', round), '-X', 'acks=all', '-l', json]),
        }
      : {}),
    'kafka-console-producer (lines as they are)': (round) =>
      kafka(
        [
          'console-produce',
          '--bootstrap-server',
          address,
          '--topic',
          topic('console', round),
          '--producer-property',
          'acks=all',
        ],
        { input: createReadStream(file) },
      ),
  };
}

function consumers(address, folder) {
  return {
    'streamctl consume': () =>
      streamctl(['consume', 'ours-0', '-b', address, '-e', '-f', '%v\\n'], { cwd: folder, keep: false }),
    ...(has('kcat')
      ? {
          'kcat -C': () =>
            measure('kcat', ['-C', '-b', address, '-t', 'ours-0', '-e', '-q', '-o', 'beginning'], { keep: false }),
        }
      : {}),
  };
}

function report(title, results, rows) {
  const ours = Object.keys(results)[0];
  const seconds = (name) => median(results[name].map((run) => run.seconds));
  const lines = Object.keys(results).map((name) => [
    name,
    rate(rows / seconds(name)),
    ratio(seconds(name) / seconds(ours)),
    median(results[name].map((run) => run.cpuSeconds)).toFixed(2),
    cost(Math.max(...results[name].map((run) => run.peakMb))),
  ]);
  return `**${title}**\n\n${table(['', 'rows/s, whole process', 'streamctl is faster by', 'CPU s', 'peak MB'], lines)}`;
}

export async function run() {
  const folder = scratch();
  const file = join(folder, 'million.csv');
  const json = join(folder, 'million.ndjson');
  await writeCars(file, ROWS);
  await writeCars(json, ROWS, { json: true });
  const sections = [];
  await withBrokers(async (name, address) => {
    for (const subject of ['ours', 'kcat', 'json', 'console']) {
      for (let round = 0; round < ROUNDS; round++)
        await streamctl(['topics', 'create', `${subject}-${round}`, '-p', '1', '-b', address], { cwd: folder });
    }
    sections.push(
      report(
        `${ROWS.toLocaleString('en-US')} rows into ${name}, 1 partition, acks=all`,
        await inTurn(ROUNDS, producers(address, { file, json }, folder)),
        ROWS,
      ),
    );
    sections.push(
      report(
        `the replayed records out of ${name}, as lines to a pipe`,
        await inTurn(ROUNDS, consumers(address, folder)),
        ROWS,
      ),
    );
  });
  sections.push(await constantMemory(folder));
  return sections.join('\n\n');
}

/** Peak memory of replay and consume over files of very different size. */
async function constantMemory(folder) {
  const rows = [];
  for (const size of [100_000, 1_000_000, 4_000_000]) {
    const file = join(folder, `size-${size}.csv`);
    await writeCars(file, size);
    const replay = await streamctl(['replay', file, '-t', `size-${size}`, '--speed', 'max', '-q'], { cwd: folder });
    const consume = await streamctl(['consume', `size-${size}`, '-e', '-f', '%v\\n'], { cwd: folder, keep: false });
    const windows = await streamctl(
      ['consume', `size-${size}`, '-e', '--window', '1m', '--by', 'model', '--agg', 'count(),avg(price)', '--json'],
      { cwd: folder },
    );
    rows.push([size.toLocaleString('en-US'), cost(replay.peakMb), cost(consume.peakMb), cost(windows.peakMb)]);
  }
  await streamctl(['broker', 'stop'], { cwd: folder });
  return `**peak memory by size of the file, MB, embedded broker in its own process**\n\n${table(['rows', 'replay', 'consume', 'consume --window'], rows)}`;
}
