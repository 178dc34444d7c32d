// One windowing job on every engine, from the same Apache Kafka, in one run: 1M JSON records of about 180 bytes in 3 partitions,
// one-minute tumbling windows of event time by manufacturer, count, mean, min, max, stddev; results to a topic, ours to a pipe.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { apacheKafka } from './brokers.js';
import { cost, inTurn, kafka, measure, median, rate, ratio, scratch, streamctl, table, usage } from './lib.js';
import { compare, fill, writeRecords } from './window-rows.js';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SIZES = (process.env.BENCH_SIZES ?? '1000000,5000000').split(',').map(Number);
/** So long the machine rests before each engine: a JVM goes on compiling and collecting behind its job. */
const SETTLE_MS = 3000;
/** Most records that the slower engines are given. */
const SLOWER_ROWS = 1_000_000;
const services = process.env.SERVICES_HOME ?? join(homedir(), '.cache/streamctl-services');
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
    // Updates on the way may be of one row, whose deviation Java writes as no JSON has it.
    const read = (value) => JSON.parse(value.replace(':NaN', ':null'));
    const results = (await readTopic(address, output)).map(([key, value]) => ({ key, ...read(value) }));
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

/** A Flink session whose JVMs have run the job before: warm. Memory and CPU are those of all its processes. */
class Flink {
  /** @param how `cluster` is a JobManager, a TaskManager and a SQL Gateway, a JVM each; `start` has all in one */
  constructor(how, slots, restPort) {
    this.how = how;
    this.slots = slots;
    this.rest = `http://127.0.0.1:${restPort}`;
    this.gateway = `http://127.0.0.1:${restPort + 2}`;
    this.folder = `${services}/flink/run-${restPort + 2}`;
    this.env = { ...process.env, FLINK_REST_PORT: `${restPort}`, FLINK_GATEWAY_PORT: `${restPort + 2}` };
  }

  async start() {
    execFileSync('bash', ['scripts/services/flink.sh', 'resolve']);
    execFileSync('bash', ['scripts/services/flink.sh', this.how, String(this.slots)], {
      env: this.env,
      stdio: 'ignore',
    });
    this.pids = readdirSync(this.folder)
      .filter((name) => name.endsWith('.pid'))
      .map((name) => Number(readFileSync(join(this.folder, name), 'utf8')));
    this.session = (await this.call('POST', '/v1/sessions', {})).sessionHandle;
    await this.sql(`SET 'parallelism.default' = '${this.slots}'`);
  }

  stop() {
    execFileSync('bash', ['scripts/services/flink.sh', 'stop'], { env: this.env });
  }

  usage() {
    const all = this.pids.map(usage);
    const sum = (key) => all.reduce((total, one) => total + one[key], 0);
    return { cpuSeconds: sum('cpuSeconds'), peakMb: sum('peakMb') };
  }

  async call(method, path, body) {
    const response = await fetch(`${this.gateway}${path}`, {
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
    const before = this.usage();
    const from = performance.now();
    await this.sql(
      `INSERT INTO out_${name} SELECT manufacturer, window_start, COUNT(*), AVG(price), MIN(price), MAX(price), STDDEV_SAMP(price) FROM TABLE(TUMBLE(TABLE in_${name}, DESCRIPTOR(t), INTERVAL '1' MINUTE)) GROUP BY manufacturer, window_start, window_end`,
    );
    await this.finished();
    const seconds = (performance.now() - from) / 1000;
    const after = this.usage();
    const results = (await readTopic(address, output))
      .map(([, value]) => JSON.parse(value))
      .map((row) => ({ ...row, key: `${row.manufacturer}@${Date.parse(`${row.ws.replace(' ', 'T')}Z`)}` }));
    compare('Flink SQL', results, groups);
    return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakMb: after.peakMb };
  }

  async finished() {
    for (;;) {
      const { jobs } = await (await fetch(`${this.rest}/jobs`)).json();
      const failed = jobs.find(({ status }) => status === 'FAILED');
      if (failed) throw new Error(`the Flink job ${failed.id} failed`);
      if (jobs.every(({ status }) => status === 'FINISHED')) return;
      await new Promise((done) => setTimeout(done, 10));
    }
  }
}

async function contest(address, rows, { cluster, oneJvm }, classes, folder) {
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
  await cluster.job(address, input, await fresh('flink', 'up'), groups);
  await oneJvm.job(address, input, await fresh('flink-one', 'up'), groups);
  // The slower engines take minutes where Flink takes seconds: they are shown with the smaller sizes.
  const slower = {
    'Kafka Streams 4.3, in memory, 2 threads': async (round) =>
      memory(input, await fresh('ks-memory', round), groups, folder),
    'Kafka Streams 4.3, RocksDB, 2 threads': async (round) =>
      rocks(input, await fresh('ks-rocks', round), groups, folder),
    'Spark Structured Streaming 4.2, 2 threads': async (round) =>
      spark(input, await fresh('spark', round), groups, folder),
  };
  const subjects = {
    streamctl: async () => ours(address, input, groups, folder),
    'Flink SQL 2.3, warm, 2 slots': async (round) => cluster.job(address, input, await fresh('flink', round), groups),
    'Flink SQL 2.3, warm, 2 slots, all of it in one JVM': async (round) =>
      oneJvm.job(address, input, await fresh('flink-one', round), groups),
    ...(rows <= SLOWER_ROWS ? slower : {}),
  };
  const results = await inTurn(ROUNDS, subjects, SETTLE_MS);
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
  return `**${rows.toLocaleString('en-US')} records; every result equals the oracle; whole processes for streamctl, Kafka Streams and Spark; for Flink from submission to end, memory of JobManager, TaskManager and gateway**\n\n${table(['engine', 'rec/s', 'rec per CPU s', 'streamctl is faster by', 'and by CPU', 'seconds', 'peak MB'], lines)}`;
}

export async function run() {
  const folder = scratch();
  execFileSync('bash', ['scripts/services/spark.sh', 'resolve'], { stdio: 'inherit' });
  const classes = join(folder, 'classes');
  execFileSync('javac', ['-cp', `${services}/kafka/libs/*`, '-d', classes, 'bench/java/WindowPeer.java']);
  const broker = apacheKafka(19492);
  const flink = { cluster: new Flink('cluster', 2, 28281), oneJvm: new Flink('start', 2, 28291) };
  try {
    for (const one of Object.values(flink)) await one.start();
    const sections = [];
    for (const rows of SIZES) {
      sections.push(await contest(broker.address, rows, flink, classes, folder));
      console.error(`\n${sections.at(-1)}`);
    }
    return sections.join('\n\n');
  } finally {
    for (const one of Object.values(flink)) one.stop();
    await broker.stop();
  }
}
