// Files into the embedded broker: CSV beside kcat and csv-parse, workbooks, memory from a kilobyte on, pacing.
import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCars, writeManyCars } from './cars-file.js';
import { cost, has, inTurn, launcher, measure, median, rate, ratio, scratch, streamctl, table } from './lib.js';
import { writeWorkbook } from './xlsx-file.js';

const ROWS = Number(process.env.BENCH_ROWS ?? 1_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
/** Largest file of the table of memory. */
const MAX_BYTES = Number(process.env.BENCH_MAX_BYTES ?? 1e9);
const BYTES_PER_ROW = 57.9;
const KEEP_BYTES = 256 * 1024 * 1024;

export async function run() {
  const folder = scratch();
  await streamctl(['broker', 'start', '--detach', '--port', '0'], { cwd: folder });
  const { address } = JSON.parse((await streamctl(['broker', 'status', '--json'], { cwd: folder })).stdout).result;
  try {
    return [await speed(folder, address), await workbooks(folder), await memory(folder), await pacing(folder)].join(
      '\n\n',
    );
  } finally {
    await streamctl(['broker', 'stop'], { cwd: folder });
  }
}

/** Parses the file with csv-parse and does nothing with the rows, in a process of its own. */
const PARSE = `import { createReadStream } from 'node:fs'; import { parse } from 'csv-parse';
let rows = 0; createReadStream(process.argv[1]).pipe(parse()).on('data', () => rows++);`;

async function speed(folder, address) {
  const file = join(folder, 'cars.csv');
  const json = join(folder, 'cars.ndjson');
  await writeCars(file, ROWS);
  await writeCars(json, ROWS, { json: true });
  const topic = async (name) => {
    await streamctl(['topics', 'create', name, '-p', '1'], { cwd: folder });
    return name;
  };
  const results = await inTurn(ROUNDS, {
    'streamctl replay (CSV to typed JSON, lots, acks=all)': async (round) =>
      streamctl(['replay', file, '-t', await topic(`ours-${round}`), '--speed', 'max', '-q'], { cwd: folder }),
    ...(has('kcat')
      ? {
          'kcat -P (the same rows as ready JSON lines, acks=all)': async (round) =>
            measure('kcat', ['-P', '-b', address, '-t', await topic(`kcat-${round}`), '-X', 'acks=all', '-l', json]),
        }
      : {}),
    'csv-parse alone, rows thrown away': () =>
      measure(process.execPath, ['--input-type=module', '-e', PARSE, file], { cwd: process.cwd() }),
  });
  const seconds = (name) => median(results[name].map((one) => one.seconds));
  const names = Object.keys(results);
  const kcat = names.find((name) => name.startsWith('kcat'));
  const cpu = (name) => median(results[name].map((one) => one.cpuSeconds));
  const lines = names.map((name) => [
    name,
    rate(ROWS / seconds(name)),
    kcat ? ratio(seconds(kcat) / seconds(name)) : '',
    cpu(name).toFixed(2),
    kcat ? ratio(cpu(kcat) / cpu(name)) : '',
    cost(Math.max(...results[name].map((one) => one.peakMb))),
  ]);
  const heads = ['', 'rows/s, whole process', 'of kcat (bar 0.5)', 'CPU s', 'of kcat, per CPU s', 'peak MB'];
  return `**${ROWS.toLocaleString('en-US')} rows into the embedded broker**\n\n${table(heads, lines)}`;
}

async function workbooks(folder) {
  const rows = [];
  for (const [name, count, options] of [
    ['100,000 rows x 12', 100_000, {}],
    ['1,000,000 rows x 12', 1_000_000, {}],
    ['1,000,000 rows x 12, a text of its own in each', 1_000_000, { texts: true }],
  ]) {
    const file = join(folder, `book-${rows.length}.xlsx`);
    await writeWorkbook(file, count, options);
    const result = await streamctl(['replay', file, '-t', `book-${rows.length}`, '--speed', 'max', '-q'], {
      cwd: folder,
    });
    rows.push([
      name,
      cost(statSync(file).size / 1e6),
      rate(count / result.seconds),
      rate(count / result.cpuSeconds),
      cost(result.peakMb),
    ]);
  }
  return `**workbooks, bar 100,000 rows/s under 150 MB**\n\n${table(['', 'MB on disk', 'rows/s, whole process', 'rows per CPU s', 'peak MB'], rows)}`;
}

async function memory(folder) {
  const rows = [];
  for (const bytes of [1e3, 1e6, 1e8, 1e9, 1e10].filter((size) => size <= MAX_BYTES)) {
    const file = join(folder, 'size.csv');
    await writeManyCars(file, Math.ceil(bytes / BYTES_PER_ROW));
    const topic = `size-${bytes}`;
    await streamctl(
      ['topics', 'create', topic, '-c', `retention.bytes=${KEEP_BYTES}`, '-c', 'segment.bytes=67108864'],
      { cwd: folder },
    );
    const result = await streamctl(['replay', file, '-t', topic, '--speed', 'max', '-q'], { cwd: folder });
    rows.push([
      (statSync(file).size / 1e6).toFixed(3),
      rate(statSync(file).size / BYTES_PER_ROW / result.seconds),
      cost(result.peakMb),
    ]);
  }
  return `**CSV by size, into a topic that keeps ${KEEP_BYTES / 2 ** 20} MB**\n\n${table(['MB', 'rows/s', 'peak MB'], rows)}`;
}

async function pacing(folder) {
  const hour = join(folder, 'hour.csv');
  const lines = Array.from(
    { length: 3601 },
    (_, second) => `${new Date(1.7e12 + second * 1000).toISOString()},${second}\n`,
  );
  writeFileSync(hour, `time,n\n${lines.join('')}`);
  const event = await lotTimes(
    ['replay', hour, '-t', 'hour', '--time', 'time', '--speed', '60x', '--batch', '1'],
    folder,
  );
  const took = event.at(-1) - event[0];
  const pauses = await lotTimes(['replay', hour, '-t', 'pauses', '--batch', '100', '--pause', '500ms'], folder);
  const gaps = pauses.slice(1).map((time, index) => Math.abs(time - pauses[index] - 500));
  const away = Math.abs(took - 60_000) / 60_000;
  return `**pacing**\n\n${table(
    ['', 'measured', 'bar', 'met'],
    [
      ['an hour of rows at 60x, s', (took / 1000).toFixed(3), '60 within 1 %', away <= 0.01 ? 'yes' : 'no'],
      [
        '36 lots, 500 ms from one to the next: farthest from it, ms',
        cost(Math.max(...gaps)),
        '50',
        Math.max(...gaps) <= 50 ? 'yes' : 'no',
      ],
      [
        'the same 36 lots: the last one, away from where it belongs, ms',
        cost(Math.abs(pauses.at(-1) - pauses[0] - 500 * (pauses.length - 1))),
        '',
        '',
      ],
    ],
  )}`;
}

/** When each lot was told of, in ms, as a process that listens hears it. */
function lotTimes(args, cwd) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [launcher, ...args, '--json'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    const times = [];
    child.stdout.on('data', (chunk) => {
      const now = performance.now();
      for (const line of String(chunk).split('\n')) if (line.includes('"progress"')) times.push(now);
    });
    child.on('error', fail);
    child.on('close', () => done(times));
  });
}
