// One windowing job on every engine, from the same Apache Kafka, in one run: 1M JSON records of about 180 bytes in 3 partitions,
// one-minute tumbling windows of event time by manufacturer, count, mean, min, max, stddev; results to a topic, ours to a pipe.
import { execFileSync } from 'node:child_process';

import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { apacheKafka } from './brokers.js';
import { cost, inTurn, kafka, measure, median, rate, ratio, scratch, streamctl, table, usage } from './lib.js';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SIZES = (process.env.BENCH_SIZES ?? '1000000,5000000').split(',').map(Number);
const services = process.env.SERVICES_HOME ?? join(homedir(), '.cache/streamctl-services');
const makers = ['audi', 'bmw', 'ford', 'hyundai', 'toyota', 'vw', 'skoda', 'merc', 'opel', 'seat'];
const start = 1_700_000_000_000;

/** Writes one file per partition, and gives the right answer: "maker@windowStart" -> [count, mean, min, max, stddev]. */
async function writeRecords(folder, rows) {
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
    const maker = makers[below(10)];
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
function compare(name, results, groups) {
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
      !(Math.abs(got.stddev - stddev) <= 1e-6 * stddev)
    ) {
      throw new Error(`${name}: ${key} is ${JSON.stringify(got)}, not ${JSON.stringify({ ...group, stddev })}`);
    }
  }
}

/** All records of a result topic as lines `key\tvalue`. */
async function readTopic(address, topic) {
  const { stdout } = await measure('kcat', [
    '-C',
    '-b',
    address,
    '-t',
    topic,
    '-e',
    '-q',
    '-o',
    'beginning',
    '-f',
    '%k\t%s\n',
  ]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t'));
}

/** One process from launch to its last result line; results as NDJSON to a pipe. */
async function ours(address, input, groups, folder) {
  const aggregates = 'count() as n,avg(price) as mean,min(price) as min,max(price) as max,stddev(price) as stddev';
  const windows = ['--window', '1m', '--time', 'ts', '--lateness', '5s', '--by', 'manufacturer', '--agg', aggregates];
  const run = await streamctl(['consume', input, '-b', address, '-e', ...windows, '--json'], { cwd: folder });
  const results = run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{"type":"window"'))
    .map((line) => JSON.parse(line))
    .map(({ row, window_start }) => ({ ...row, key: `${row.manufacturer}@${Date.parse(window_start)}` }));
  compare('streamctl', results, groups);
  return run;
}

function streamsPeer(address, classes, store, threads) {
  return async (input, output, groups, folder) => {
    const id = `peer-${store}-${output}`;
    const jars = `${services}/kafka/libs/*:${classes}`;
    const run = await measure('java', [
      '-Xms512m',
      '-Xmx1g',
      '-cp',
      jars,
      'WindowPeer',
      address,
      input,
      output,
      id,
      store,
      join(folder, id),
      String(threads),
    ]);
    const results = (await readTopic(address, output)).map(([key, value]) => ({ key, ...JSON.parse(value) }));
    compare(`Kafka Streams ${store}`, results, groups);
    return { ...run, engineSeconds: Number(run.stdout.trim().split('\n').at(-1)) / 1000 };
  };
}

/** One process from launch to its end, all cores; memory and CPU are Python's and the JVM's together. */
function sparkPeer(address, threads) {
  return async (input, output, groups, folder) => {
    const checkpoint = join(folder, `spark-${output}`);
    const program = ['scripts/services/spark.sh', 'run', 'bench/python/window_peer.py'];
    const run = await measure('bash', [...program, address, input, output, checkpoint, String(threads)], {
      tree: true,
    });
    const results = (await readTopic(address, output)).map(([key, value]) => ({ key, ...JSON.parse(value) }));
    compare('Spark', results, groups);
    return run;
  };
}

/** A Flink session whose JVM has run the job before: warm. */
class Flink {
  constructor(slots) {
    this.slots = slots;
    this.env = { ...process.env, FLINK_REST_PORT: '28281', FLINK_GATEWAY_PORT: '28283' };
  }

  async start() {
    execFileSync('bash', ['scripts/services/flink.sh', 'resolve']);
    execFileSync('bash', ['scripts/services/flink.sh', 'start', String(this.slots)], {
      env: this.env,
      stdio: 'ignore',
    });
    this.pid = Number(readFileSync(`${services}/flink/run-28283/pid`, 'utf8'));
    this.session = (await this.call('POST', '/v1/sessions', {})).sessionHandle;
    await this.sql(`SET 'parallelism.default' = '${this.slots}'`);
  }

  stop() {
    execFileSync('bash', ['scripts/services/flink.sh', 'stop'], { env: this.env });
  }

  async call(method, path, body) {
    const response = await fetch(`http://127.0.0.1:28283${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text.slice(-1500));
    return JSON.parse(text);
  }

  async sql(statement) {
    const { operationHandle } = await this.call('POST', `/v1/sessions/${this.session}/statements`, { statement });
    let next = `/v1/sessions/${this.session}/operations/${operationHandle}/result/0`;
    while (next) {
      const page = await this.call('GET', next);
      if (page.resultType === 'NOT_READY') await new Promise((done) => setTimeout(done, 10));
      else next = page.resultType === 'EOS' ? undefined : page.nextResultUri;
    }
  }

  /** From submission to the end of the bounded job. */
  async job(address, input, output, groups) {
    const name = output.replaceAll('-', '_');
    const kafkaTable = (topic, rest) =>
      `'connector'='kafka','topic'='${topic}','properties.bootstrap.servers'='${address}',${rest}`;
    await this.sql(
      `CREATE TABLE in_${name} (manufacturer STRING, price DOUBLE, ts BIGINT, t AS TO_TIMESTAMP_LTZ(ts, 3), WATERMARK FOR t AS t - INTERVAL '5' SECOND) WITH (${kafkaTable(input, "'format'='json','scan.startup.mode'='earliest-offset','scan.bounded.mode'='latest-offset','properties.group.id'='peer'")})`,
    );
    await this.sql(
      `CREATE TABLE out_${name} (manufacturer STRING, ws TIMESTAMP(3), n BIGINT, mean DOUBLE, \`min\` DOUBLE, \`max\` DOUBLE, stddev DOUBLE) WITH (${kafkaTable(output, "'format'='json'")})`,
    );
    await this.sql(`SET 'table.local-time-zone' = 'UTC'`);
    const before = usage(this.pid);
    const from = performance.now();
    await this.sql(
      `INSERT INTO out_${name} SELECT manufacturer, window_start, COUNT(*), AVG(price), MIN(price), MAX(price), STDDEV_SAMP(price) FROM TABLE(TUMBLE(TABLE in_${name}, DESCRIPTOR(t), INTERVAL '1' MINUTE)) GROUP BY manufacturer, window_start, window_end`,
    );
    await this.finished();
    const seconds = (performance.now() - from) / 1000;
    const after = usage(this.pid);
    const results = (await readTopic(address, output))
      .map(([, value]) => JSON.parse(value))
      .map((row) => ({ ...row, key: `${row.manufacturer}@${Date.parse(`${row.ws.replace(' ', 'T')}Z`)}` }));
    compare('Flink SQL', results, groups);
    return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakMb: after.peakMb };
  }

  async finished() {
    for (;;) {
      const { jobs } = await (await fetch('http://127.0.0.1:28281/jobs')).json();
      const failed = jobs.find(({ status }) => status === 'FAILED');
      if (failed) throw new Error(`the Flink job ${failed.id} failed`);
      if (jobs.every(({ status }) => status === 'FINISHED')) return;
      await new Promise((done) => setTimeout(done, 10));
    }
  }
}

async function fill(address, topic, folder) {
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

async function contest(address, rows, flink, classes, folder) {
  const groups = await writeRecords(folder, rows);
  const input = `windows-${rows}`;
  await fill(address, input, folder);
  const fresh = async (name, round) => {
    const topic = `${name}-${rows}-${round}`;
    await kafka(['topics', '--bootstrap-server', address, '--create', '--topic', topic, '--partitions', '1']);
    return topic;
  };
  const memory = streamsPeer(address, classes, 'memory', 2);
  const rocks = streamsPeer(address, classes, 'rocksdb', 2);
  const spark = sparkPeer(address, 2);
  await flink.job(address, input, await fresh('flink-warm', 'up'), groups);
  const results = await inTurn(ROUNDS, {
    streamctl: async () => ours(address, input, groups, folder),
    'Flink SQL 2.3, warm, 2 slots': async (round) => flink.job(address, input, await fresh('flink', round), groups),
    'Kafka Streams 4.3, in memory, 2 threads': async (round) =>
      memory(input, await fresh('ks-memory', round), groups, folder),
    'Kafka Streams 4.3, RocksDB, 2 threads': async (round) =>
      rocks(input, await fresh('ks-rocks', round), groups, folder),
    'Spark Structured Streaming 4.2, 2 threads': async (round) =>
      spark(input, await fresh('spark', round), groups, folder),
  });
  const of = (name, key) => median(results[name].map((run) => run[key]));
  const mine = { seconds: of('streamctl', 'seconds'), cpu: of('streamctl', 'cpuSeconds') };
  const lines = Object.keys(results).map((name) => [
    name,
    rate(rows / of(name, 'seconds')),
    rate(rows / of(name, 'cpuSeconds')),
    ratio(of(name, 'seconds') / mine.seconds),
    ratio(of(name, 'cpuSeconds') / mine.cpu),
    of(name, 'seconds').toFixed(2),
    cost(Math.max(...results[name].map((run) => run.peakMb))),
  ]);
  return `**${rows.toLocaleString('en-US')} records; every result equals the oracle; whole processes for streamctl and Kafka Streams, submission to end for Flink**\n\n${table(['engine', 'rec/s', 'rec per CPU s', 'streamctl is faster by', 'and by CPU', 'seconds', 'peak MB'], lines)}`;
}

export async function run() {
  const folder = scratch();
  execFileSync('bash', ['scripts/services/spark.sh', 'resolve'], { stdio: 'inherit' });
  const classes = join(folder, 'classes');
  execFileSync('javac', ['-cp', `${services}/kafka/libs/*`, '-d', classes, 'bench/java/WindowPeer.java']);
  const broker = apacheKafka(19492);
  const flink = new Flink(2);
  try {
    await flink.start();
    const sections = [];
    for (const rows of SIZES) sections.push(await contest(broker.address, rows, flink, classes, folder));
    return sections.join('\n\n');
  } finally {
    flink.stop();
    await broker.stop();
  }
}
