// npm run bench [-- suite ...] [-- --record]: prints each suite's tables; --record writes them into bench/RESULTS.md too.
import { readFileSync, writeFileSync } from 'node:fs';
import { machine } from './lib.js';

const suites = {
  'start-up': () => import('./start-up.js'),
  clients: () => import('./clients.js'),
  replay: () => import('./replay.js'),
  brokers: () => import('./brokers.js'),
  latency: () => import('./latency.js'),
  windows: () => import('./windows.js'),
  scale: () => import('./scale.js'),
  checksum: () => import('./checksum.js'),
};

/** Puts `text` between the markers of `name` in RESULTS.md. */
function record(name, text) {
  const file = new URL('RESULTS.md', import.meta.url);
  const before = readFileSync(file, 'utf8');
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from < 0 || to < 0) throw new Error(`RESULTS.md has no place for ${name}`);
  writeFileSync(file, `${before.slice(0, from + begin.length)}\n${text}\n${before.slice(to)}`);
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const names = wanted.length > 0 ? wanted : Object.keys(suites);
for (const name of names) {
  const suite = await suites[name]();
  const stamp = `\`npm run bench -- ${name}\` on ${machine()}, ${new Date().toISOString().slice(0, 10)}.`;
  const text = `${stamp}\n\n${await suite.run()}`;
  console.log(`\n## ${name}\n\n${text}`);
  if (process.argv.includes('--record')) record(name, text);
}
