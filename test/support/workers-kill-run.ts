import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { seededRandom } from '../../src/base/random.js';
import { systemClock } from '../../src/base/system.js';
import { jsonText } from '../../src/commands/shared/running/pipeline-text.js';
import type { ClientSettings } from '../../src/connect/kafka/interfaces.js';
import { writePlan } from '../../src/plan/document/write-plan.js';
import type { Connection } from '../../src/run/connection.js';
import { knownExchanges } from '../../src/run/exchange-topics.js';
import { internalTopics, neededTopics } from '../../src/run/internal-topics.js';
import { finalResults, makeTrips, naiveWindows, readTopic, send, type Trip, tripsPlan } from '../run/trips.js';
import { countRecords } from './count-records.js';

const WORKERS = 2;
const MINUTES_A_ROUND = 2;
const ROWS_A_ROUND = 600;
/** Every so many rounds the next worker is another member: the group has to notice that the old one is gone. */
const NEW_MEMBER_EVERY = 5;
const SESSION_MS = 6_000;
/** A worker that is not ready by then is killed all the same. */
const READY_MS = 20_000;

/** What a run found. */
export interface WorkersReport {
  readonly kills: number;
  readonly windows: number;
  /** Windows that are missing, differ from the oracle, or were given out twice. */
  readonly wrong: readonly string[];
  /** Records that were written in transactions which did not count. */
  readonly aborted: number;
}

/** Two worker processes of one pipeline under load; again and again one of them is killed and takes its place again. */
export class WorkersKillRun {
  readonly #name: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'streamctl-workers-'));
  readonly #settings: ClientSettings;
  readonly #connection: Connection;
  readonly #random;
  readonly #children: ChildProcess[] = [];
  #members = 0;
  /** Each worker's that it knows of the other. */
  readonly #shares: Promise<void>[] = [];

  constructor(name: string, settings: ClientSettings, connection: Connection, seed: number) {
    this.#name = name;
    this.#settings = settings;
    this.#connection = connection;
    this.#random = seededRandom(seed);
  }

  /** Kills `rounds` times. */
  async run(rounds: number): Promise<WorkersReport> {
    const plan = tripsPlan(this.#name);
    writeFileSync(join(this.#folder, 'trips.pipeline.json'), jsonText(writePlan(plan)));
    await this.#connection.createMissing(neededTopics(plan));
    const perPartition = ROWS_A_ROUND * rounds;
    const trips = makeTrips(rounds, perPartition, MINUTES_A_ROUND * rounds);
    try {
      for (let place = 0; place < WORKERS; place++) this.#start(place, `worker-${this.#members++}`);
      for (let round = 0; round < rounds; round++) await this.#round(round, trips);
      await this.#end();
      return await this.#compare(rounds, trips);
    } finally {
      for (const child of this.#children) child.kill('SIGKILL');
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #round(round: number, trips: readonly Trip[]): Promise<void> {
    const size = ROWS_A_ROUND * 3;
    const rows = trips.slice(round * size, (round + 1) * size);
    await Promise.race([Promise.all(this.#shares), systemClock.sleep(READY_MS)]);
    // The second half comes while the first is worked on.
    await send(this.#connection, `${this.#name}-in`, rows.slice(0, size / 2));
    await systemClock.sleep(this.#random.below(1_500));
    const sent = send(this.#connection, `${this.#name}-in`, rows.slice(size / 2));
    const place = this.#random.below(WORKERS);
    const child = this.#children[place]!;
    if (child.exitCode !== null) throw new Error(`a worker ended by itself with ${child.exitCode}`);
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await Promise.all([gone, sent]);
    const member = round % NEW_MEMBER_EVERY === NEW_MEMBER_EVERY - 1 ? this.#members++ : memberOf(child);
    this.#start(place, typeof member === 'number' ? `worker-${member}` : member);
  }

  #start(place: number, member: string): void {
    const { host, port } = this.#settings.brokers[0]!;
    // With local state: what a killed worker leaves there may be of any checkpoint, or unfinished.
    const kept = ['--checkpoint', '700ms', '--state', 'state'];
    const args = ['run', './trips.pipeline.json', '-b', `${host}:${port}`, ...kept];
    const tuned = ['-X', `session.timeout.ms=${SESSION_MS}`, '-X', `group.instance.id=${member}`];
    const child = spawn(process.execPath, [resolve('bin/streamctl.js'), ...args, ...tuned], {
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#children[place] = child;
    this.#shares[place] = new Promise((shares) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('shares the work')) shares();
      });
    });
  }

  /** Both save and end; then what is open is given out. */
  async #end(): Promise<void> {
    await systemClock.sleep(1_000);
    for (const child of this.#children) {
      child.kill('SIGINT');
      if (child.exitCode === null) await new Promise((done) => child.once('exit', done));
    }
    const { host, port } = this.#settings.brokers[0]!;
    const args = ['run', './trips.pipeline.json', '-b', `${host}:${port}`, '--until', 'eof', '--parallel', '2', '-q'];
    const last = spawn(process.execPath, [resolve('bin/streamctl.js'), ...args], {
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    last.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const code = await new Promise((done) => last.once('exit', done));
    if (code !== 0) throw new Error(`the last run ended with ${code}: ${said}`);
  }

  async #compare(rounds: number, trips: readonly Trip[]): Promise<WorkersReport> {
    const out = `${this.#name}-out`;
    const expected = naiveWindows(trips);
    const found = await finalResults(this.#connection, out);
    const given = await readTopic(this.#connection, out);
    const wrong = [...expected].filter(([key, value]) => JSON.stringify(found.get(key)) !== JSON.stringify(value));
    const names = given.map(
      ({ key, value }) => `${(JSON.parse(value) as { window_start: string }).window_start} ${key}`,
    );
    const twice = names.filter((name, at) => names.indexOf(name) !== at);
    const extra = [...found.keys()].filter((key) => !expected.has(key));
    const exchanges = await knownExchanges(this.#connection, tripsPlan(this.#name));
    const partitioned = exchanges.map(({ topic }) => topic);
    let aborted = 0;
    for (const topic of [out, internalTopics(tripsPlan(this.#name)).changelog, ...partitioned]) {
      const all = await countRecords(this.#connection, topic, 'read_uncommitted');
      aborted += all - (await countRecords(this.#connection, topic, 'read_committed'));
    }
    const missing = wrong.map(
      ([key, value]) => `${key}: ${JSON.stringify(found.get(key))}, not ${JSON.stringify(value)}`,
    );
    return {
      kills: rounds,
      windows: expected.size,
      wrong: [...missing, ...twice.map((name) => `${name}: twice`), ...extra.map((key) => `${key}: not wanted`)],
      aborted,
    };
  }
}

function memberOf(child: ChildProcess): string {
  return child.spawnargs.find((arg) => arg.startsWith('group.instance.id='))!.split('=')[1]!;
}
