import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/base/random.js';
import { systemNetwork } from '../../src/base/system.js';
import { produceApi } from '../../src/wire/apis/00-produce.js';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { startBrokerProcess } from './broker-process.js';
import { javaTool, kafkaLibs } from './broker-under-test.js';
import { batchOf } from './sim-broker.js';
import { WireClient } from './wire-client.js';

const INPUT = 'copied-from';
const OUTPUT = 'copied-to';
const BATCH_RECORDS = 1000;
const TRANSACTION_RECORDS = 200;
/** Copiers that may be started, beyond those that are killed: one whose broker goes away may end by itself. */
const SPARE_COPIERS = 20;
const FETCH_BYTES = 16 << 20;

/** What a run did and found. */
export interface CopierReport {
  readonly records: number;
  readonly brokerKills: number;
  readonly copierKills: number;
  readonly abortedTransactions: number;
  /** What a reader of committed records sees, in its order. */
  readonly read: readonly string[];
}

/** What the copier says about itself after each transaction. */
interface Progress {
  readonly remaining?: number;
  readonly stage?: string;
}

/**
 * Kafka's TransactionalMessageCopier moves records from topic to topic, with random aborts, while the broker and the
 * copier are killed in turn.
 */
export class CopierRun {
  readonly #folder = mkdtempSync(join(tmpdir(), 'streamctl-copier-'));
  readonly #random;
  readonly #records: number;
  #port = 0;
  #broker: ChildProcess | undefined;
  #copier: ChildProcess | undefined;
  #copiersStarted = 0;
  #copierErrors = '';
  #remaining: number;
  #copied = false;

  constructor(records: number, seed: number) {
    this.#records = records;
    this.#remaining = records;
    this.#random = seededRandom(seed);
  }

  /** Copies everything over `kills` kills, the broker's first. @throws Error when the copying does not get on */
  async run(kills: number): Promise<CopierReport> {
    try {
      this.#port = await freePort();
      await this.#startBroker();
      await this.#fillInput();
      this.#startCopier();
      for (let kill = 0; kill < kills; kill++) {
        const share = (kill + 0.5) / (kills + 1);
        await this.#until(() => this.#remaining <= this.#records * (1 - share));
        await pause(this.#random.below(40));
        await (kill % 2 === 0 ? this.#killBroker() : this.#killCopier());
      }
      await this.#until(() => this.#copied);
      const read = readCommitted(this.#port);
      const abortedTransactions = await this.#countAborted();
      const brokerKills = Math.ceil(kills / 2);
      return { records: this.#records, brokerKills, copierKills: kills - brokerKills, abortedTransactions, read };
    } finally {
      this.#copier?.removeAllListeners('exit');
      this.#copier?.kill('SIGKILL');
      if (this.#broker) await killAndWait(this.#broker);
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #startBroker(): Promise<void> {
    this.#broker = (await startBrokerProcess(this.#folder, this.#port)).child;
  }

  async #killBroker(): Promise<void> {
    await killAndWait(this.#broker!);
    await this.#startBroker();
  }

  async #killCopier(): Promise<void> {
    await killAndWait(this.#copier!);
  }

  #startCopier(): void {
    if (++this.#copiersStarted > SPARE_COPIERS) {
      throw new Error(`${this.#copiersStarted} copiers did not get to the end:\n${this.#copierErrors.slice(-4000)}`);
    }
    const main = 'org.apache.kafka.tools.TransactionalMessageCopier';
    const options = {
      '--broker-list': `127.0.0.1:${this.#port}`,
      '--input-topic': INPUT,
      '--input-partition': '0',
      '--output-topic': OUTPUT,
      '--consumer-group': 'copiers',
      '--transactional-id': 'copier',
      '--transaction-size': String(TRANSACTION_RECORDS),
      // A new copier asks for the committed offsets before it ends its predecessor's transaction: it waits this long.
      '--transaction-timeout': '2000',
    };
    const flags = ['--enable-random-aborts', '--use-group-metadata'];
    const jvm = ['-XX:TieredStopAtLevel=1', '-Xmx256m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
    const args = [...jvm, '-cp', `${kafkaLibs}/*`, main, ...Object.entries(options).flat(), ...flags];
    const copier = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#copier = copier;
    let partial = '';
    copier.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (partial + text).split('\n');
      partial = lines.pop()!;
      for (const line of lines) this.#hear(line);
    });
    copier.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#copierErrors += text;
    });
    // Killed by us, or because its broker went away: the next one goes on where it was.
    copier.once('exit', () => {
      if (!this.#copied) this.#startCopier();
    });
  }

  #hear(line: string): void {
    if (!line.startsWith('{')) return;
    const { remaining, stage } = JSON.parse(line) as Progress;
    if (remaining === undefined) return;
    this.#remaining = remaining;
    if (stage === 'ShutdownComplete' && remaining === 0) this.#copied = true;
  }

  async #until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + 120_000;
    while (!condition()) {
      if (performance.now() > deadline) {
        throw new Error(`${this.#remaining} records are left and none is copied:\n${this.#copierErrors.slice(-4000)}`);
      }
      await pause(5);
    }
  }

  /** Records with their number as value. */
  async #fillInput(): Promise<void> {
    const client = await WireClient.open(systemNetwork, this.#port);
    const topics = [{ name: INPUT }, { name: OUTPUT }];
    await client.call(metadataApi, 9, { topics });
    for (let first = 0; first < this.#records; first += BATCH_RECORDS) {
      const count = Math.min(BATCH_RECORDS, this.#records - first);
      const values = Array.from({ length: count }, (_, index) => String(first + index));
      const partitionData = [{ index: 0, records: batchOf(values, undefined, Date.now()) }];
      const topicData = [{ name: INPUT, partitionData }];
      const answer = await client.call(produceApi, 9, { acks: -1, timeoutMs: 5000, topicData });
      const { errorCode } = answer.responses[0]!.partitionResponses[0]!;
      if (errorCode !== 0) throw new Error(`the input is refused with error ${errorCode}`);
    }
    client.close();
  }

  /** Transactions that the broker lists as aborted, to a reader of the whole output. */
  async #countAborted(): Promise<number> {
    const client = await WireClient.open(systemNetwork, this.#port);
    const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: FETCH_BYTES }];
    const answer = await client.call(fetchApi, 11, {
      isolationLevel: 1,
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic: OUTPUT, partitions }],
    });
    client.close();
    return answer.responses[0]!.partitions[0]!.abortedTransactions?.length ?? 0;
  }
}

function readCommitted(port: number): string[] {
  const at = ['--bootstrap-server', `127.0.0.1:${port}`, '--topic', OUTPUT];
  const text = javaTool([
    'console-consume',
    ...at,
    '--from-beginning',
    '--timeout-ms',
    '3000',
    '--isolation-level',
    'read_committed',
  ]);
  return text.split('\n').filter((line) => line !== '');
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
