// The embedded broker beside Apache Kafka under Kafka's own perf tools.
import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { cost, kafka, kafkaScript, launcher, median, rate, ratio, scratch, table, usage } from './lib.js';

const RECORDS = Number(process.env.BENCH_RECORDS ?? 1_000_000);
/** Of large records a quarter, so that one round of everything ends within eight minutes. */
const LARGE_RECORDS = Math.ceil(RECORDS / 4);
const LARGE_BYTES = 1024;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
/** What the brokers did before they are measured: a JVM is slow for its first millions of records. */
const STATES = {
  new: 'Each row has brokers that were started for it, as in a CI job; 3 seconds later they are measured.',
  used: 'Before the first row each broker had a million records of 100 B; rows follow one another on the same brokers.',
  warm: 'Before the first row each broker had all workloads once, with a quarter of the records.',
};
/** Of {@link STATES}, those to measure in. */
const MEASURED = (process.env.BENCH_STATES ?? 'new,used').split(',');
/** The smallest workload, which a used broker had before. */
const FIRST = { partitions: 1, size: 100, batch: 0 };
const WARM_UP_SHARE = 0.25;
const SETTLE_MS = 3000;
/** Different records of each size that the client picks from. */
const PAYLOADS = 1000;

/** `partitions:record size:batch size` (0: the client's default), all combinations unless BENCH_WORKLOADS names some. */
const WORKLOADS = (
  process.env.BENCH_WORKLOADS ??
  '1:100:0,1:100:262144,1:1024:0,1:1024:262144,3:100:0,3:100:262144,3:1024:0,3:1024:262144'
)
  .split(',')
  .map((text) => text.split(':').map(Number))
  .map(([partitions, size, batch]) => ({ partitions, size, batch }));

/** Starts an embedded broker with the given flags on a port of its own. */
export async function embedded(flags = []) {
  const folder = scratch();
  const child = spawn(process.execPath, [launcher, 'broker', 'start', '--port', '0', '--data', folder, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const address = await new Promise((ready, fail) => {
    let heard = '';
    const hear = (chunk) => {
      heard += chunk;
      const found = /127\.0\.0\.1:\d+/.exec(heard);
      if (found) ready(found[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', () => fail(new Error(heard)));
  });
  const stop = () =>
    new Promise((done) => {
      child.removeAllListeners('exit');
      child.on('exit', done);
      child.kill('SIGTERM');
    });
  return { address, pid: child.pid, stop };
}

/** Starts Apache Kafka, with extra server properties. */
export function apacheKafka(port = 19392, extra = '') {
  execFileSync('bash', [kafkaScript, 'resolve'], { stdio: 'inherit' });
  execFileSync('bash', [kafkaScript, 'stop', String(port)]);
  execFileSync('bash', [kafkaScript, 'start', String(port)], {
    env: { ...process.env, KAFKA_EXTRA: extra },
    stdio: 'ignore',
  });
  const pid = Number(execFileSync('bash', [kafkaScript, 'pid', String(port)], { encoding: 'utf8' }));
  return {
    address: `127.0.0.1:${port}`,
    pid,
    stop: async () => execFileSync('bash', [kafkaScript, 'stop', String(port)]),
  };
}

/** Runs `body(name, address)` against both brokers, one after the other. */
export async function withBrokers(body) {
  for (const [name, start] of Object.entries({
    'the embedded broker': embedded,
    'Apache Kafka 4.3.1': () => apacheKafka(),
  })) {
    const broker = await start();
    try {
      await body(name, broker.address);
    } finally {
      await broker.stop();
    }
  }
}

const recordsOf = (size) => (size >= LARGE_BYTES ? LARGE_RECORDS : RECORDS);

/** CPU seconds for a million records, from those for as many as there are of a size. */
const perMillion = (seconds, size) => (seconds * 1e6) / recordsOf(size);

const payloadFiles = new Map();

/** A file of ready records for the perf tool, of the capital letters it would draw one by one (BENCH_OWN_TEXT=1: it does). */
function payloadFile(size) {
  const made = payloadFiles.get(size) ?? join(scratch(), `${size}.txt`);
  if (!payloadFiles.has(size)) {
    const line = () => String.fromCharCode(...Array.from({ length: size }, () => 65 + randomInt(26)));
    writeFileSync(made, Array.from({ length: PAYLOADS }, line).join('\n'));
    payloadFiles.set(size, made);
  }
  return made;
}

const perfRate = (stdout) => Number(/.*, ([\d.]+) records\/sec/.exec(stdout.trim().split('\n').at(-1))[1]);

async function produce(broker, topic, { size, batch }, count = recordsOf(size)) {
  const before = usage(broker.pid)?.cpuSeconds ?? 0;
  const properties = [
    `bootstrap.servers=${broker.address}`,
    'acks=all',
    ...(batch ? [`batch.size=${batch}`, 'linger.ms=5'] : []),
  ];
  const { stdout, cpuSeconds } = await kafka([
    'perf-produce',
    '--topic',
    topic,
    '--num-records',
    String(count),
    ...(process.env.BENCH_OWN_TEXT ? ['--record-size', String(size)] : ['--payload-file', payloadFile(size)]),
    '--throughput',
    '-1',
    '--producer-props',
    ...properties,
  ]);
  const cpu = (usage(broker.pid)?.cpuSeconds ?? 0) - before;
  return { rate: perfRate(stdout), cpu: perMillion(cpu, size), client: perMillion(cpuSeconds, size) };
}

async function consume(broker, topic, { size }, count = recordsOf(size)) {
  const before = usage(broker.pid)?.cpuSeconds ?? 0;
  const { stdout, cpuSeconds } = await kafka([
    'perf-consume',
    '--bootstrap-server',
    broker.address,
    '--topic',
    topic,
    '--num-records',
    String(count),
    '--timeout',
    '30000',
  ]);
  const lines = stdout.trim().split('\n');
  const head = lines
    .find((line) => line.includes('nMsg.sec'))
    .split(',')
    .map((cell) => cell.trim());
  const last = lines
    .at(-1)
    .split(',')
    .map((cell) => cell.trim());
  const cpu = (usage(broker.pid)?.cpuSeconds ?? 0) - before;
  return {
    rate: Number(last[head.indexOf('nMsg.sec')]),
    cpu: perMillion(cpu, size),
    client: perMillion(cpuSeconds, size),
  };
}

/** Starters of each pairing: our flags against Kafka's properties; BENCH_PAIRINGS=2 has the second one only. */
const PAIRINGS = [
  {
    title: "--fsync never against Kafka's defaults",
    start: { ours: () => embedded(['--fsync', 'never']), kafka: () => apacheKafka() },
  },
  {
    title: '--fsync always against Kafka flushing every message',
    start: {
      ours: () => embedded(['--fsync', 'always']),
      kafka: () => apacheKafka(19392, 'log.flush.interval.messages=1'),
    },
  },
].filter((_, at) => (process.env.BENCH_PAIRINGS ?? '1,2').includes(String(at + 1)));

/** A pairing over record sizes and batch sizes, in turn, on brokers in one of {@link STATES}. */
async function pairing({ title, start }, state) {
  const rows = [];
  const peaks = { ours: 0, kafka: 0 };
  const note = (name, { pid }) => {
    peaks[name] = Math.max(peaks[name], usage(pid).peakMb);
  };
  if (state === 'new') {
    for (const workload of WORKLOADS) {
      const once = async (name, round) => {
        const broker = await start[name]();
        try {
          await sleep(SETTLE_MS);
          const measured = await turn(broker, workload, round);
          note(name, broker);
          return measured;
        } finally {
          await broker.stop();
        }
      };
      rows.push(...(await contest(workload, once)));
    }
  } else {
    const brokers = { ours: await start.ours(), kafka: await start.kafka() };
    try {
      for (const workload of state === 'warm' ? WORKLOADS : [FIRST]) {
        const count = Math.ceil(recordsOf(workload.size) * (state === 'warm' ? WARM_UP_SHARE : 1));
        for (const broker of Object.values(brokers)) await turn(broker, workload, 'warm', count);
      }
      for (const workload of WORKLOADS) {
        rows.push(...(await contest(workload, (name, round) => turn(brokers[name], workload, round))));
      }
      for (const [name, broker] of Object.entries(brokers)) note(name, broker);
    } finally {
      await Promise.all(Object.values(brokers).map((broker) => broker.stop()));
    }
  }
  const memory = `Peak memory, MB: ours ${cost(peaks.ours)}, Kafka ${cost(peaks.kafka)}.`;
  return `**${title}**\n\n${table(HEADERS, rows)}\n\n${memory}`;
}

const HEADERS = [
  'workload',
  'ours rec/s',
  'Kafka rec/s',
  'ours / Kafka',
  'ours CPU s',
  'Kafka CPU s',
  'ours / Kafka',
  "client's CPU s with ours",
  'with Kafka',
];

async function withAdmin(broker, use) {
  const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await use(admin);
  } finally {
    await admin.disconnect();
  }
}

const makeTopic = (admin, topic, numPartitions) => admin.createTopics({ topics: [{ topic, numPartitions }] });

/** One workload on a topic of its own. */
async function turn(broker, workload, name, count) {
  const topic = `t-${workload.partitions}-${workload.size}-${workload.batch}-${name}`;
  await withAdmin(broker, (admin) => makeTopic(admin, topic, workload.partitions));
  const produced = await produce(broker, topic, workload, count);
  const consumed = await consume(broker, topic, workload, count);
  await withAdmin(broker, (admin) => admin.deleteTopics({ topics: [topic] }));
  return { produced, consumed };
}

/** @param once one turn of `ours` or `kafka` */
async function contest({ partitions, size, batch }, once) {
  const produced = { ours: [], kafka: [] };
  const consumed = { ours: [], kafka: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of ['ours', 'kafka']) {
      const measured = await once(name, round);
      produced[name].push(measured.produced);
      consumed[name].push(measured.consumed);
    }
  }
  const line = (what, runs) => {
    const of = (name, key) => median(runs[name].map((run) => run[key]));
    const cells = [
      `${what}, ${size} B, ${partitions} partition${partitions > 1 ? 's' : ''}${batch ? ', 256 KB batches' : ''}`,
      rate(of('ours', 'rate')),
      rate(of('kafka', 'rate')),
      ratio(of('ours', 'rate') / of('kafka', 'rate')),
      of('ours', 'cpu').toFixed(2),
      of('kafka', 'cpu').toFixed(2),
      (Math.ceil((of('ours', 'cpu') / of('kafka', 'cpu')) * 100) / 100).toFixed(2),
      of('ours', 'client').toFixed(2),
      of('kafka', 'client').toFixed(2),
    ];
    // All of it takes minutes: whoever waits sees how far it is.
    console.error(`| ${cells.join(' | ')} |`);
    return cells;
  };
  return [line('produce', produced), line('consume', consumed)];
}

export async function run() {
  const millions = (RECORDS / 1e6).toString();
  const large = (LARGE_RECORDS / 1e6).toString();
  const text = process.env.BENCH_OWN_TEXT
    ? 'It draws each record letter by letter.'
    : `It picks each record from ${PAYLOADS} ready ones (\`--payload-file\`).`;
  const what = `${millions}M records of 100 B, ${large}M of 1 KB, CPU seconds for a million, acks=all, idempotent Java client, medians of ${ROUNDS}. ${text}`;
  const sections = [what];
  for (const state of MEASURED) {
    sections.push(STATES[state]);
    for (const pair of PAIRINGS) sections.push(await pairing(pair, state));
  }
  return sections.join('\n\n');
}
