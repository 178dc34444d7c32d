// A car file of any length, the same on every machine: seeded, in the columns of the real ones.

import { once } from 'node:events';
import { closeSync, createWriteStream, openSync, readFileSync, writeSync } from 'node:fs';

const makers = ['audi', 'bmw', 'ford', 'hyundai', 'toyota', 'vw'];
const models = ['A1', 'A6', '3 Series', 'Focus', 'Fiesta', 'Tucson', 'Yaris', 'Golf', 'Polo'];
const fuels = ['Petrol', 'Diesel', 'Hybrid'];
const gears = ['Manual', 'Automatic', 'Semi-Auto'];

/** Writes `rows` rows (about 65 bytes each) and a header to `path`; with `json`, the same rows as JSON lines (about 180 bytes). */
export async function writeCars(path, rows, { seed = 7, json = false } = {}) {
  let state = seed;
  const below = (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * bound);
  };
  const out = createWriteStream(path);
  const columns = [
    'manufacturer',
    'model',
    'year',
    'price',
    'transmission',
    'mileage',
    'fuelType',
    'tax',
    'mpg',
    'engineSize',
  ];
  let text = json ? '' : `${columns.join(',')}\n`;
  for (let row = 0; row < rows; row++) {
    const line = `${makers[below(6)]}, ${models[below(9)]},${2000 + below(21)},${500 + below(60000)},${gears[below(3)]},${below(150000)},${fuels[below(3)]},${below(600)},${20 + below(60)}.${below(10)},${1 + below(4)}.${below(10)}`;
    text += json ? `${asJson(columns, line.split(','))}\n` : `${line}\n`;
    if (text.length > 1 << 20) {
      if (!out.write(text)) await once(out, 'drain');
      text = '';
    }
  }
  out.end(text);
  await once(out, 'finish');
}

/** Rows made one by one before {@link writeManyCars} repeats them. */
const BLOCK_ROWS = 1_000_000;

/** Like {@link writeCars} for files of gigabytes: the first million rows again and again. */
export async function writeManyCars(path, rows) {
  await writeCars(path, Math.min(rows, BLOCK_ROWS));
  if (rows <= BLOCK_ROWS) return;
  const bytes = readFileSync(path);
  const block = bytes.subarray(bytes.indexOf(0x0a) + 1);
  const file = openSync(path, 'a');
  for (let left = rows - BLOCK_ROWS; left > 0; left -= BLOCK_ROWS)
    writeSync(file, block.subarray(0, ends(block, left)));
  closeSync(file);
}

/** Where the first `rows` rows of a block end. */
function ends(block, rows) {
  if (rows >= BLOCK_ROWS) return block.length;
  let at = 0;
  for (let row = 0; row < rows; row++) at = block.indexOf(0x0a, at) + 1;
  return at;
}

function asJson(columns, cells) {
  const values = columns.map(
    (name, index) => `"${name}":${Number.isNaN(Number(cells[index])) ? `"${cells[index]}"` : cells[index]}`,
  );
  return `{${values.join(',')}}`;
}
