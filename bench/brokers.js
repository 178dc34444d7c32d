// The embedded broker beside Apache Kafka under Kafka's own perf tools.
import { execFileSync, spawn } from 'node:child_process';
import { cost, kafka, kafkaScript, launcher, median, rate, ratio, scratch, table, usage } from './lib.js';

const RECORDS = Number(process.env.BENCH_RECORDS ?? 1_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);

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

const perfRate = (stdout) => Number(/.*, ([\d.]+) records\/sec/.exec(stdout.trim().split('\n').at(-1))[1]);

async function produce(broker, topic, size, batch) {
  const before = usage(broker.pid)?.cpuSeconds ?? 0;
  const properties = [
    `bootstrap.servers=${broker.address}`,
    'acks=all',
    ...(batch ? [`batch.size=${batch}`, 'linger.ms=5'] : []),
  ];
  const { stdout } = await kafka([
    'perf-produce',
    '--topic',
    topic,
    '--num-records',
    String(RECORDS),
    '--record-size',
    String(size),
    '--throughput',
    '-1',
    '--producer-props',
    ...properties,
  ]);
  return { rate: perfRate(stdout), cpu: (usage(broker.pid)?.cpuSeconds ?? 0) - before };
}

async function consume(broker, topic) {
  const before = usage(broker.pid)?.cpuSeconds ?? 0;
  const { stdout } = await kafka([
    'perf-consume',
    '--bootstrap-server',
    broker.address,
    '--topic',
    topic,
    '--num-records',
    String(RECORDS),
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
  return { rate: Number(last[head.indexOf('nMsg.sec')]), cpu: (usage(broker.pid)?.cpuSeconds ?? 0) - before };
}

/** One pairing: our flags against Kafka's properties, over record sizes and batch sizes; both warm, in turn. */
async function pairing(title, flags, extra) {
  const brokers = { ours: await embedded(flags), kafka: apacheKafka(19392, extra) };
  const rows = [];
  let memory = '';
  try {
    for (const { address } of Object.values(brokers))
      await kafka(['topics', '--bootstrap-server', address, '--create', '--topic', 'warm', '--partitions', '1']);
    for (const broker of Object.values(brokers)) await produce(broker, 'warm', 100);
    for (const workload of WORKLOADS) rows.push(await contest(brokers, workload));
    memory = `Peak memory after it, MB: ours ${cost(usage(brokers.ours.pid).peakMb)}, Kafka ${cost(usage(brokers.kafka.pid).peakMb)}.`;
  } finally {
    await Promise.all(Object.values(brokers).map((broker) => broker.stop()));
  }
  return `**${title}**\n\n${table(['workload', 'ours rec/s', 'Kafka rec/s', 'ours / Kafka', 'ours CPU s', 'Kafka CPU s', 'ours / Kafka'], rows.flat())}\n\n${memory}`;
}

async function contest(brokers, { partitions, size, batch }) {
  const produced = { ours: [], kafka: [] };
  const consumed = { ours: [], kafka: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, broker] of Object.entries(brokers)) {
      const topic = `t-${partitions}-${size}-${batch}-${round}`;
      await kafka([
        'topics',
        '--bootstrap-server',
        broker.address,
        '--create',
        '--topic',
        topic,
        '--partitions',
        String(partitions),
      ]);
      produced[name].push(await produce(broker, topic, size, batch));
      consumed[name].push(await consume(broker, topic));
      await kafka(['topics', '--bootstrap-server', broker.address, '--delete', '--topic', topic]);
    }
  }
  const line = (what, runs) => {
    const of = (name, key) => median(runs[name].map((run) => run[key]));
    return [
      `${what}, ${size} B, ${partitions} partition${partitions > 1 ? 's' : ''}${batch ? ', 256 KB batches' : ''}`,
      rate(of('ours', 'rate')),
      rate(of('kafka', 'rate')),
      ratio(of('ours', 'rate') / of('kafka', 'rate')),
      of('ours', 'cpu').toFixed(2),
      of('kafka', 'cpu').toFixed(2),
      (Math.ceil((of('ours', 'cpu') / of('kafka', 'cpu')) * 100) / 100).toFixed(2),
    ];
  };
  return [line('produce', produced), line('consume', consumed)];
}

export async function run() {
  const millions = (RECORDS / 1e6).toString();
  return [
    await pairing(
      `${millions}M records, acks=all, idempotent Java client: --fsync never against Kafka's defaults`,
      ['--fsync', 'never'],
      '',
    ),
    await pairing(
      `${millions}M records: --fsync always against Kafka flushing every message`,
      ['--fsync', 'always'],
      'log.flush.interval.messages=1',
    ),
  ].join('\n\n');
}
