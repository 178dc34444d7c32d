// What the windowing job costs when it has more keys, more records or exactly-once delivery, and how soon it answers.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apacheKafka } from './brokers.js';
import { cost, inTurn, kafka, launcher, median, rate, ratio, scratch, streamctl, table } from './lib.js';
import { compare, fill, writeRecords } from './window-rows.js';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const ROWS = Number(process.env.BENCH_ROWS ?? 1_000_000);
const KEYS = (process.env.BENCH_KEYS ?? '10,1000,100000,1000000').split(',').map(Number);
const SIZES = (process.env.BENCH_SIZES ?? '1000000,5000000,20000000').split(',').map(Number);

const AGGREGATES = 'count() as n,avg(price) as mean,min(price) as min,max(price) as max,stddev(price) as stddev';
const WINDOWS = ['--window', '1m', '--time', 'ts', '--lateness', '5s', '--by', 'manufacturer', '--agg', AGGREGATES];

const query = (address, topic) => ['consume', topic, '-b', address, '-e', ...WINDOWS, '--json'];

/** The same job as a pipeline that writes to a topic. */
const pipeline = (topic, delivery) => `pipeline: scale-${delivery}
sources:
  rows:
    topic: ${topic}
    columns: { manufacturer: string, price: double, ts: timestamp }
    eventTime: ts
    lateness: 5 seconds
steps:
  windows:
    aggregate:
      window: { tumble: 1 minute }
      by: [ manufacturer ]
      columns: { n: COUNT(*), mean: AVG(price), min: MIN(price), max: MAX(price), stddev: STDDEV(price) }
sinks:
  results:
    topic: scale-${delivery}
    keys: [ manufacturer ]
`;

function results(stdout) {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"type":"window"'))
    .map((line) => JSON.parse(line))
    .map(({ row, window_start }) => ({
      ...row,
      stddev: row.stddev ?? Number.NaN,
      key: `${row.manufacturer}@${Date.parse(window_start)}`,
    }));
}

/** A topic of `rows` records, removed again when `body` is done with it. */
async function withTopic(address, folder, rows, keys, body) {
  const topic = `scale-${rows}-${keys}`;
  const files = join(folder, topic);
  mkdirSync(files);
  const groups = await writeRecords(files, rows, keys);
  await fill(address, topic, files);
  rmSync(files, { recursive: true });
  try {
    return await body(topic, groups);
  } finally {
    await kafka(['topics', '--bootstrap-server', address, '--delete', '--topic', topic]);
  }
}

async function byKeys(address, folder) {
  const lines = [];
  let least;
  for (const keys of KEYS) {
    const runs = await withTopic(address, folder, ROWS, keys, async (topic, groups) => {
      const all = [];
      for (let round = 0; round < ROUNDS; round++) {
        const run = await streamctl(query(address, topic));
        const found = results(run.stdout);
        compare('streamctl', found, groups);
        all.push({ ...run, groups: groups.size });
      }
      return all;
    });
    const cpu = (median(runs.map(({ cpuSeconds }) => cpuSeconds)) * 1e6) / ROWS;
    least ??= cpu;
    lines.push([
      keys.toLocaleString('en-US'),
      runs[0].groups.toLocaleString('en-US'),
      rate(ROWS / median(runs.map(({ seconds }) => seconds))),
      cpu.toFixed(2),
      (Math.ceil((cpu / least) * 100) / 100).toFixed(2),
      cost(Math.max(...runs.map(({ peakMb }) => peakMb))),
    ]);
  }
  return `**${ROWS.toLocaleString('en-US')} records by number of keys, results as NDJSON to a pipe; bar: a record costs at most 3 times as much**\n\n${table(['keys', 'results', 'rec/s', 'CPU s per 1M records', 'of the first', 'peak MB'], lines)}`;
}

async function bySize(address, folder) {
  const lines = [];
  for (const rows of SIZES) {
    const runs = await withTopic(address, folder, rows, 10, async (topic, groups) => {
      const all = [];
      for (let round = 0; round < Math.min(ROUNDS, 2); round++) {
        const run = await streamctl(query(address, topic));
        compare('streamctl', results(run.stdout), groups);
        all.push(run);
      }
      return all;
    });
    const seconds = median(runs.map((run) => run.seconds));
    const cpu = median(runs.map(({ cpuSeconds }) => cpuSeconds));
    lines.push([
      rows.toLocaleString('en-US'),
      rate(rows / seconds),
      ((cpu * 1e6) / rows).toFixed(2),
      cost(Math.max(...runs.map(({ peakMb }) => peakMb))),
    ]);
  }
  return `**by number of records, 10 keys**\n\n${table(['records', 'rec/s', 'CPU s per 1M records', 'peak MB'], lines)}`;
}

async function byDelivery(address, folder) {
  const rows = Math.max(...SIZES.filter((size) => size <= 5_000_000));
  return withTopic(address, folder, rows, 10, async (topic) => {
    const subject = (delivery) => {
      const file = join(folder, `${delivery}.pipeline.yaml`);
      writeFileSync(file, pipeline(topic, delivery));
      return () =>
        streamctl(['run', file, '-b', address, '--reset-state', '--until', 'eof', '--delivery', delivery, '--json'], {
          cwd: folder,
        });
    };
    const runs = await inTurn(ROUNDS, {
      'at-least-once': subject('at-least-once'),
      'exactly-once': subject('exactly-once'),
    });
    const of = (name, key) => median(runs[name].map((run) => run[key]));
    const lines = Object.keys(runs).map((name) => [
      name,
      rate(rows / of(name, 'seconds')),
      of(name, 'cpuSeconds').toFixed(2),
      ratio(of('at-least-once', 'seconds') / of(name, 'seconds')),
      ratio(of('at-least-once', 'cpuSeconds') / of(name, 'cpuSeconds')),
      cost(Math.max(...runs[name].map(({ peakMb }) => peakMb))),
    ]);
    return `**${rows.toLocaleString('en-US')} records through \`run\`, state and results in topics; bar: exactly-once keeps 0.80**\n\n${table(['delivery', 'rec/s', 'CPU s', 'of at-least-once', 'per CPU s', 'peak MB'], lines)}`;
  });
}

/** Milliseconds from launch to the first result. */
function firstResult(args) {
  return new Promise((done, fail) => {
    const from = performance.now();
    const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let at;
    child.stdout.on('data', (chunk) => {
      if (at === undefined && String(chunk).includes('"type":"window"')) at = performance.now() - from;
    });
    child.on('error', fail);
    child.on('close', () => (at === undefined ? fail(new Error('there was no result')) : done(at)));
  });
}

async function coldStart(address, folder) {
  return withTopic(address, folder, ROWS, 11, async (topic) => {
    const times = [];
    for (let round = 0; round < ROUNDS; round++) times.push(await firstResult(query(address, topic)));
    return `First result of a cold start over ${ROWS.toLocaleString('en-US')} records: ${cost(median(times))} ms after launch (bar 1,000).`;
  });
}

export async function run() {
  const folder = scratch();
  const broker = apacheKafka(19492);
  const sections = [];
  try {
    for (const part of [coldStart, byDelivery, byKeys, bySize]) {
      sections.push(await part(broker.address, folder));
      console.error(`\n${sections.at(-1)}`);
    }
    return sections.join('\n\n');
  } finally {
    await broker.stop();
  }
}
