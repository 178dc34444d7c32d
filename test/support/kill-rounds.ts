import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { seededRandom } from '../../src/base/random.js';
import { systemNetwork } from '../../src/base/system.js';
import { produceApi } from '../../src/wire/apis/00-produce.js';
import { fetchApi } from '../../src/wire/apis/01-fetch.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { initProducerIdApi } from '../../src/wire/apis/22-init-producer-id.js';
import { hasRightCrc, readCompleteBatches } from '../../src/wire/record-batch.js';
import { batchOf } from './sim-broker.js';
import { WireClient } from './wire-client.js';

const TOPIC = 'killed';
const IN_FLIGHT = 5;
const READY_MS = 20_000;

/** One batch of the producer; its value is its number, so that its sequence number and its offset are known too. */
interface Sent {
  readonly first: number;
  readonly count: number;
}

/** What a run found. */
export interface KillReport {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly read: number;
}

/** A broker process, an idempotent producer with five requests in flight, a reader, and kill -9 again and again. */
export class KillRun {
  readonly #folder = mkdtempSync(join(tmpdir(), 'streamctl-kill-'));
  readonly #random;
  #child: ChildProcess | undefined;
  #port = 0;
  #producerId = -1n;
  #next = 0;
  #unanswered: Sent[] = [];
  #acknowledged = 0;
  #read = 0;
  #highWatermark = 0n;
  #alive = false;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** Kills `rounds` times. @throws Error when something acknowledged is lost, doubled, torn or went back. */
  async run(rounds: number): Promise<KillReport> {
    try {
      for (let round = 0; round < rounds; round++) await this.#round();
      await this.#start();
      await this.#finish();
      return { rounds, acknowledged: this.#acknowledged, read: this.#read };
    } finally {
      this.#child?.kill('SIGKILL');
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #round(): Promise<void> {
    await this.#start();
    this.#alive = true;
    const work = Promise.all([this.#produce(), this.#consume()]);
    await pause(20 + this.#random.below(150));
    this.#alive = false;
    this.#child!.kill('SIGKILL');
    await new Promise((done) => this.#child!.once('exit', done));
    await work;
  }

  async #start(): Promise<void> {
    const launcher = resolve('bin/streamctl.js');
    const child = spawn(process.execPath, [launcher, 'broker', 'serve', '--data', this.#folder], { stdio: 'ignore' });
    this.#child = child;
    const deadline = performance.now() + READY_MS;
    for (;;) {
      await pause(10);
      if (child.exitCode !== null) throw new Error(`the broker ended with ${child.exitCode} instead of starting`);
      if (performance.now() > deadline) throw new Error('the broker does not get ready');
      const port = this.#readPort(child.pid);
      if (port === undefined) continue;
      this.#port = port;
      return;
    }
  }

  #readPort(pid: number | undefined): number | undefined {
    try {
      const file = JSON.parse(readFileSync(join(this.#folder, 'broker.json'), 'utf8')) as { pid: number; port: number };
      return file.pid === pid ? file.port : undefined;
    } catch {
      return undefined;
    }
  }

  async #produce(): Promise<void> {
    const client = await WireClient.open(systemNetwork, this.#port).catch(() => undefined);
    if (!client) return;
    try {
      if (this.#producerId < 0n) {
        await client.call(metadataApi, 9, { topics: [{ name: TOPIC }] });
        const made = await client.call(initProducerIdApi, 4, { transactionalId: null, transactionTimeoutMs: 1000 });
        this.#producerId = made.producerId;
      }
      // What was not answered goes again, in order, with its old sequence numbers.
      let waiting = this.#unanswered.map((sent) => this.#send(client, sent));
      while (this.#alive) {
        while (waiting.length < IN_FLIGHT) {
          const sent = { first: this.#next, count: 1 + this.#random.below(4) };
          this.#next += sent.count;
          this.#unanswered.push(sent);
          waiting.push(this.#send(client, sent));
        }
        await waiting[0];
        waiting = waiting.slice(1);
      }
      await Promise.all(waiting);
    } catch (error) {
      if (!client.isClosed) throw error;
    } finally {
      client.close();
    }
  }

  /** Sends a batch; a failure is seen by whoever waits for it, and by nobody when the broker was killed first. */
  #send(client: WireClient, sent: Sent): Promise<void> {
    const sending = this.#sendNow(client, sent);
    sending.catch(() => {});
    return sending;
  }

  async #sendNow(client: WireClient, sent: Sent): Promise<void> {
    const values = Array.from({ length: sent.count }, (_, index) => String(sent.first + index));
    const producer = { producerId: Number(this.#producerId), producerEpoch: 0, baseSequence: sent.first };
    const partitionData = [{ index: 0, records: batchOf(values, producer, Date.now()) }];
    const pending = client.call(produceApi, 9, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: TOPIC, partitionData }],
    });
    pending.catch(() => {});
    const { errorCode, baseOffset } = (await pending).responses[0]!.partitionResponses[0]!;
    if (errorCode !== 0 || Number(baseOffset) !== sent.first) {
      throw new Error(`batch ${sent.first}: error ${errorCode}, offset ${baseOffset}`);
    }
    this.#unanswered = this.#unanswered.filter((other) => other !== sent);
    this.#acknowledged += sent.count;
  }

  async #consume(): Promise<void> {
    const client = await WireClient.open(systemNetwork, this.#port).catch(() => undefined);
    try {
      while (client && this.#alive) await this.#fetch(client);
    } catch (error) {
      if (!client?.isClosed) throw error;
    } finally {
      client?.close();
    }
  }

  /** Reads on from where the reader is: nothing may be torn, missing, doubled, or go back. */
  async #fetch(client: WireClient): Promise<void> {
    const partitions = [{ partition: 0, fetchOffset: BigInt(this.#read), partitionMaxBytes: 1 << 20 }];
    const answer = await client.call(fetchApi, 11, {
      maxWaitMs: 20,
      minBytes: 1,
      topics: [{ topic: TOPIC, partitions }],
    });
    const { errorCode, records, highWatermark } = answer.responses[0]!.partitions[0]!;
    if (errorCode === 3) return pause(5);
    if (errorCode !== 0) throw new Error(`fetch at ${this.#read}: error ${errorCode}`);
    if (highWatermark < this.#highWatermark) throw new Error(`the end went back to ${highWatermark}`);
    this.#highWatermark = highWatermark;
    for (const header of readCompleteBatches(records!)) {
      if (!hasRightCrc(records!, header)) throw new Error(`torn read at ${header.baseOffset}`);
      const same = header.baseOffset === this.#read && header.baseSequence === this.#read;
      if (!same)
        throw new Error(`offset ${header.baseOffset}, sequence ${header.baseSequence}, expected ${this.#read}`);
      this.#read += header.recordCount;
    }
  }

  /** Sends the rest and reads to the end. */
  async #finish(): Promise<void> {
    const client = await WireClient.open(systemNetwork, this.#port);
    await Promise.all(this.#unanswered.map((sent) => this.#send(client, sent)));
    while (this.#read < this.#next) {
      const before = this.#read;
      await this.#fetch(client);
      if (this.#read === before) throw new Error(`nothing to read at ${before} of ${this.#next}`);
    }
    client.close();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
