// The records of the windowing job, their right answers, and a topic that holds them.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { kafka, measure } from './lib.js';

const makers = ['audi', 'bmw', 'ford', 'hyundai', 'toyota', 'vw', 'skoda', 'merc', 'opel', 'seat'];
const start = 1_700_000_000_000;

/**
 * Writes one file per partition, and gives the right answer.
 * @param keys how many different manufacturers there are, each as often as the next.
 * @returns "maker@windowStart" -> {n, mean, m2, min, max}
 */
export async function writeRecords(folder, rows, keys = makers.length) {
  let state = 11;
  const below = (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * bound);
  };
  const files = [0, 1, 2].map((partition) => createWriteStream(join(folder, `p${partition}.ndjson`)));
  const text = ['', '', ''];
  const groups = new Map();
  for (let row = 0; row < rows; row++) {
    // Ten thousand rows a minute of event time; one in a hundred is up to two seconds behind.
    const ts = start + row * 6 - (below(100) === 0 ? below(2000) : 0);
    const maker = keys === makers.length ? makers[below(keys)] : `maker ${below(keys)}`;
    const price = 500 + below(6_000_000) / 100;
    text[row % 3] +=
      `{"id":${row},"manufacturer":"${maker}","model":"model ${below(90)}","year":${2000 + below(21)},"price":${price},"transmission":"Manual","mileage":${below(150000)},"fuelType":"Petrol","tax":${below(600)},"ts":${ts}}\n`;
    const key = `${maker}@${Math.floor(ts / 60000) * 60000}`;
    const group = groups.get(key) ?? { n: 0, mean: 0, m2: 0, min: Infinity, max: -Infinity };
    groups.set(key, group);
    const delta = price - group.mean;
    group.n++;
    group.mean += delta / group.n;
    group.m2 += delta * (price - group.mean);
    group.min = Math.min(group.min, price);
    group.max = Math.max(group.max, price);
    for (let p = 0; p < 3; p++) {
      if (text[p].length < 1 << 20 && row < rows - 1) continue;
      if (!files[p].write(text[p])) await once(files[p], 'drain');
      text[p] = '';
    }
  }
  for (const file of files) {
    file.end();
    await once(file, 'finish');
  }
  return groups;
}

const close = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

/** Fails when the results differ from the oracle. @param results iterable of {key, n, mean, min, max, stddev} */
export function compare(name, results, groups) {
  const newest = new Map();
  for (const result of results) newest.set(result.key, result);
  if (newest.size !== groups.size) throw new Error(`${name}: ${newest.size} groups instead of ${groups.size}`);
  for (const [key, group] of groups) {
    const got = newest.get(key);
    const stddev = Math.sqrt(group.m2 / (group.n - 1));
    if (
      !got ||
      got.n !== group.n ||
      !close(got.mean, group.mean) ||
      got.min !== group.min ||
      got.max !== group.max ||
      // One row alone has no deviation.
      (group.n > 1 && !(Math.abs(got.stddev - stddev) <= 1e-6 * stddev))
    ) {
      throw new Error(`${name}: ${key} is ${JSON.stringify(got)}, not ${JSON.stringify({ ...group, stddev })}`);
    }
  }
}

/** Makes the topic with its three partitions and fills it from the files. */
export async function fill(address, topic, folder) {
  await kafka([
    'topics',
    '--bootstrap-server',
    address,
    '--create',
    '--topic',
    topic,
    '--partitions',
    '3',
    '--config',
    'retention.ms=-1',
  ]);
  for (const partition of [0, 1, 2])
    await measure('kcat', [
      '-P',
      '-b',
      address,
      '-t',
      topic,
      '-p',
      String(partition),
      '-X',
      'batch.size=1000000',
      '-l',
      join(folder, `p${partition}.ndjson`),
    ]);
}
