// All that a hostile client does, in a process of its own, so that it costs the good client nothing but the broker.
// Arguments: port, idle connections, folder of prepared request frames. Prints a line of JSON when its standard input
// ends, then ends.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const [portText, idleText, folder] = process.argv.slice(2);
const port = Number(portText);
const IDLE = Number(idleText);
const OPENED_AT_ONCE = 100;
const BURST_PAUSE_MS = 30;
const GARBAGE_EVERY_MS = 25;
const BOMB_EVERY_MS = 1000;
const HALF_OPEN = 60;
const HALF_OPEN_BYTES = 4 << 20;
const SLOW_READERS = 40;
const REQUESTS_OF_SLOW_READERS = 8;

const prepared = (name) => readFileSync(`${folder}/${name}`);
const counts = {
  idle: 0,
  idleClosed: 0,
  garbage: 0,
  garbageClosed: 0,
  bombs: 0,
  bombsAnswered: 0,
  halfOpen: 0,
  halfOpenClosed: 0,
  slow: 0,
  slowClosed: 0,
};

function open(onClosed) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  if (onClosed) socket.on('close', onClosed);
  return socket;
}

function openIdle() {
  for (let n = 0; n < OPENED_AT_ONCE && counts.idle < IDLE; n++) {
    counts.idle++;
    open(() => counts.idleClosed++).resume();
  }
  if (counts.idle < IDLE) setTimeout(openIdle, BURST_PAUSE_MS);
}

function size(bytes) {
  const prefix = Buffer.alloc(4);
  prefix.writeInt32BE(bytes);
  return prefix;
}

const garbage = [
  size(0x7fffffff),
  size(-1),
  size(-0x80000000),
  size(0),
  Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
  Buffer.concat([size(64), Buffer.alloc(64, 0xff)]),
];

function sendGarbage() {
  const socket = open(() => counts.garbageClosed++);
  socket.resume();
  socket.write(garbage[counts.garbage++ % garbage.length]);
}

/** Announces a large request and sends a part of it. */
function openHalf() {
  counts.halfOpen++;
  const socket = open(() => counts.halfOpenClosed++);
  socket.resume();
  socket.write(size(HALF_OPEN_BYTES * 10));
  socket.write(Buffer.alloc(HALF_OPEN_BYTES));
}

/** Asks for much, again and again, and reads nothing. */
function openSlow(request) {
  counts.slow++;
  const socket = open(() => counts.slowClosed++);
  socket.pause();
  for (let n = 0; n < REQUESTS_OF_SLOW_READERS; n++) socket.write(request);
}

const bombs = ['gzip', 'zstd'].map(prepared);
function sendBomb() {
  const socket = open();
  socket.once('data', () => {
    counts.bombsAnswered++;
    socket.destroy();
  });
  socket.write(bombs[counts.bombs++ % bombs.length]);
}

openIdle();
setInterval(sendGarbage, GARBAGE_EVERY_MS);
setInterval(sendBomb, BOMB_EVERY_MS);
const fetch = prepared('fetch');
for (let n = 0; n < HALF_OPEN; n++) setTimeout(openHalf, 500 + n * 50);
for (let n = 0; n < SLOW_READERS; n++) setTimeout(openSlow, 500 + n * 50, fetch);
process.stdin.resume().on('end', () => {
  process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0));
});
