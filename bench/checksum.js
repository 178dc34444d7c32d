// CRC-32C of ours beside the optional native one, by size of the piece.
import { randomFillSync } from 'node:crypto';
import { crc32c } from '../dist/base/crc32c.js';
import { nativeCrc32c } from '../dist/base/system-crc32c.js';
import { median, rate, table } from './lib.js';

const ROUNDS = 9;
const BYTES_PER_ROUND = 64 * 1024 * 1024;

export async function run() {
  const native = nativeCrc32c();
  if (!native) return '@node-rs/crc32 is not installed here.';
  const rows = [256, 512, 1024, 16_384, 262_144, 1_048_576].map((size) => {
    const bytes = randomFillSync(new Uint8Array(size));
    if (native(bytes, 0) !== crc32c(bytes)) throw new Error('the two differ');
    const ways = { ours: () => crc32c(bytes), native: () => native(bytes.subarray(0, size), 0) };
    const speeds = { ours: [], native: [] };
    for (let round = 0; round < ROUNDS; round++)
      for (const name of Object.keys(ways)) speeds[name].push(megabytesPerSecond(ways[name], size));
    const [ours, theirs] = [median(speeds.ours), median(speeds.native)];
    return [
      size.toLocaleString('en-US'),
      rate(ours),
      rate(theirs),
      (Math.floor((theirs / ours) * 100) / 100).toFixed(2),
    ];
  });
  return table(['bytes', 'ours, MB/s', 'native, MB/s', 'native / ours'], rows);
}

function megabytesPerSecond(once, size) {
  const times = Math.ceil(BYTES_PER_ROUND / size);
  const from = process.cpuUsage();
  for (let n = 0; n < times; n++) once();
  const { user, system } = process.cpuUsage(from);
  return (times * size) / (user + system);
}
