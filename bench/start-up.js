// How long a user waits before anything happens.
import { spawn } from 'node:child_process';
import { cost, inTurn, launcher, measure, median, scratch, streamctl, table, usage } from './lib.js';

const ROUNDS = 15;

/** Milliseconds from spawn to the line that says the broker is ready, and its memory when idle. */
async function brokerReady() {
  const folder = scratch();
  const from = performance.now();
  const child = spawn(process.execPath, [launcher, 'broker', 'start', '--port', '0', '--data', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await new Promise((ready, fail) => {
    let heard = '';
    const hear = (chunk) => {
      heard += chunk;
      if (/127\.0\.0\.1:\d+/.test(heard)) ready();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', () => fail(new Error(heard)));
  });
  const ms = performance.now() - from;
  await new Promise((done) => setTimeout(done, 500));
  const memory = usage(child.pid)?.nowMb ?? 0;
  child.removeAllListeners('exit');
  const gone = new Promise((done) => child.on('exit', done));
  child.kill('SIGTERM');
  await gone;
  return { ms, memory };
}

/** First command in an empty folder: spawns the broker, asks it, prints. */
async function firstCommand() {
  const folder = scratch();
  const run = await streamctl(['topics', 'list', '--json'], { cwd: folder });
  await streamctl(['broker', 'stop'], { cwd: folder });
  return run.seconds * 1000;
}

export async function run() {
  const results = await inTurn(ROUNDS, {
    node: async () => (await measure(process.execPath, ['-e', '0'])).seconds * 1000,
    help: async () => (await streamctl(['--help'])).seconds * 1000,
    broker: brokerReady,
    first: firstCommand,
  });
  const node = median(results.node);
  const help = median(results.help);
  const bar = 1.5 * node + 80;
  const broker = median(results.broker.map(({ ms }) => ms));
  const rows = [
    ['`node -e 0`', cost(node), '', ''],
    ['`streamctl --help`', cost(help), `< ${Math.floor(bar)} (1.5 x node + 80)`, help < bar ? 'yes' : 'no'],
    ['broker ready, from spawn', cost(broker), '< 250', broker < 250 ? 'yes' : 'no'],
    [
      'broker memory when idle, MB',
      cost(median(results.broker.map(({ memory }) => memory))),
      '< 70',
      median(results.broker.map(({ memory }) => memory)) < 70 ? 'yes' : 'no',
    ],
    ['first command in an empty folder (spawns the broker)', cost(median(results.first)), '', ''],
  ];
  return table([`median of ${ROUNDS}, ms`, 'measured', 'bar', 'met'], rows);
}
