import { StreamctlError } from '../../src/base/errors.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import type { RunningBroker } from '../../src/broker/start-broker.js';
import { hasRightCrc, readBatches } from '../../src/wire/record-batch.js';
import { RecordCursor } from '../../src/wire/record-cursor.js';
import { batchOf, oneIn, restartIds, startSimBroker } from './sim-broker.js';
import { settle } from './sim-clock.js';
import { SimFiles } from './sim-files.js';

/** One batch that a producer tried to write. */
interface Attempt {
  readonly topic: string;
  readonly partition: number;
  readonly values: readonly string[];
  readonly sequence: number;
  /** Known once acknowledged. */
  offset?: number;
}

const PRODUCER_ID = 7;
/** What an idempotent producer may have in flight. */
const IN_FLIGHT_MAX = 5;
const SEGMENT_BYTES = '700';

/** An idempotent producer with several requests in flight, and what it was told. */
class Workload {
  readonly random: Random;
  readonly attempts: Attempt[] = [];
  readonly topics = new Map<string, 'asked' | 'made' | 'leaving' | 'gone'>();
  clusterId = '';
  #made = 0;
  #values = 0;

  constructor(random: Random) {
    this.random = random;
  }

  /** Does something, without waiting for the end of it. */
  step(running: RunningBroker): void {
    const kind = this.random.below(20);
    if (kind === 0 || this.topics.size === 0) this.#createTopic(running);
    else if (kind === 1) this.#deleteTopic(running);
    else this.#produce(running);
  }

  #createTopic(running: RunningBroker): void {
    const name = `t${this.#made++}`;
    this.topics.set(name, 'asked');
    const configs = new Map([['segment.bytes', SEGMENT_BYTES]]);
    void running.broker.admin.create({ name, partitions: 2, configs }).then((result) => {
      if (result.ok) this.topics.set(name, 'made');
    }, ignoreDisk);
  }

  #deleteTopic(running: RunningBroker): void {
    const made = [...this.topics].filter(([, state]) => state === 'made').map(([name]) => name);
    const name = made[this.random.below(Math.max(1, made.length))];
    const topic = name === undefined ? undefined : running.broker.topics.byName(name);
    if (!topic || made.length < 3) return;
    this.topics.set(topic.name, 'leaving');
    void running.broker.admin.delete(topic).then(() => this.topics.set(topic.name, 'gone'), ignoreDisk);
  }

  #produce(running: RunningBroker): void {
    const made = [...this.topics].filter(([, state]) => state === 'made');
    const name = made[this.random.below(Math.max(1, made.length))]?.[0];
    if (name === undefined) return;
    const partition = this.random.below(2);
    const values = Array.from({ length: 1 + this.random.below(4) }, () => `v${this.#values++}`.padEnd(30, '.'));
    const before = this.attempts.filter((attempt) => attempt.topic === name && attempt.partition === partition);
    if (before.filter(({ offset }) => offset === undefined).length >= IN_FLIGHT_MAX) return;
    const sequence = before.reduce((sum, attempt) => sum + attempt.values.length, 0);
    const attempt: Attempt = { topic: name, partition, values, sequence };
    this.attempts.push(attempt);
    try {
      this.send(running, attempt);
    } catch (error) {
      ignoreDisk(error);
      // A client sends again what was refused, before anything else of this partition.
      this.send(running, attempt);
    }
  }

  /** Sends a batch, for the first time or again. */
  send(running: RunningBroker, attempt: Attempt): void {
    const { topic, partition, values, sequence } = attempt;
    const batch = batchOf(values, { producerId: PRODUCER_ID, producerEpoch: 0, baseSequence: sequence });
    const appended = running.broker.topics.partition(topic, partition)?.append(batch);
    if (!appended) return;
    if (appended.error !== 'NONE') throw new Error(`${topic}-${partition} at ${sequence}: ${appended.error}`);
    void appended.durable!.then(() => {
      attempt.offset = appended.baseOffset;
    });
  }
}

/** Runs a broker until the power fails at a random call, as often as it happens, and checks what is left. */
export async function runPowerLoss(seed: number): Promise<void> {
  restartIds();
  const random = seededRandom(seed);
  const work = new Workload(random);
  let files = new SimFiles();

  for (let life = 0; life < 3; life++) {
    // Some lives end while the broker starts.
    files.faultAt(files.calls + (oneIn(random, 4) ? random.below(40) : 30 + random.below(250)), 'power-loss');
    await live(files, work, life);
    files = files.afterPowerLoss(random);
  }
  await checkAndFinish(files, work);
}

/**
 * Runs a broker of which I/O call number `call` fails, kills it and checks what is left.
 * @returns whether the run was long enough for that call.
 */
export async function runFault(call: number): Promise<boolean> {
  restartIds();
  const work = new Workload(seededRandom(1));
  const files = new SimFiles();
  files.faultAt(call, 'fail');
  await live(files, work, 0);
  const { struck } = files;
  await checkAndFinish(files.afterKill(), work);
  return struck;
}

async function live(files: SimFiles, work: Workload, life: number): Promise<void> {
  try {
    const running = await startSimBroker(files);
    if (work.clusterId === '') work.clusterId = running.broker.clusterId;
    for (const [name, state] of work.topics) {
      if (state === 'asked' && running.broker.topics.byName(name)) work.topics.set(name, 'made');
    }
    if (life > 0) check(running, work);
    resend(running, work);
    let failed = false;
    void running.failed.then(() => {
      failed = true;
    });
    for (let step = 0; step < 60 && !failed; step++) {
      work.step(running);
      if (oneIn(work.random, 3)) await settle();
    }
  } catch (error) {
    if (!files.struck || !(error instanceof StreamctlError) || error.code !== 'disk-failed') throw error;
  }
  await settle();
}

async function checkAndFinish(files: SimFiles, work: Workload): Promise<void> {
  const running = await startSimBroker(files);
  check(running, work);
  resend(running, work);
  await settle();
  for (const { topic, offset } of work.attempts) {
    const there = running.broker.topics.byName(topic) !== undefined;
    if (there && offset === undefined) throw new Error('a batch sent again was not acknowledged');
  }
  check(running, work);
  await running.close();
}

/** An idempotent producer sends everything again that was not acknowledged, in order. */
function resend(running: RunningBroker, work: Workload): void {
  for (const attempt of work.attempts) if (attempt.offset === undefined) work.send(running, attempt);
}

/** Everything acknowledged is there, once, at its offset; nothing is torn, doubled or out of order. */
function check(running: RunningBroker, work: Workload): void {
  if (work.clusterId !== '' && running.broker.clusterId !== work.clusterId)
    throw new Error('the folder has another id than before');
  for (const [name, state] of work.topics) {
    const topic = running.broker.topics.byName(name);
    if (state === 'made' && !topic) throw new Error(`topic ${name} is lost`);
    if (state === 'gone' && topic) throw new Error(`topic ${name} is back`);
    for (const partition of topic?.partitions ?? []) {
      const values = readValues(running, name, partition.index);
      const attempts = work.attempts.filter(
        (attempt) => attempt.topic === name && attempt.partition === partition.index,
      );
      const sent = attempts.flatMap((attempt) => attempt.values);
      values.forEach((value, offset) => {
        if (value !== sent[offset])
          throw new Error(`${name}-${partition.index}@${offset}: ${value}, not ${sent[offset]}`);
      });
      for (const { offset, values: batch } of attempts) {
        if (offset !== undefined && offset + batch.length > values.length) {
          throw new Error(`${name}-${partition.index}@${offset} was acknowledged and is lost`);
        }
      }
    }
  }
}

function readValues(running: RunningBroker, topic: string, index: number): string[] {
  const partition = running.broker.topics.partition(topic, index)!;
  const values: string[] = [];
  const decoder = new TextDecoder();
  for (let from = partition.logStart; from < partition.highWatermark; ) {
    const slice = partition.read(from, 300, partition.highWatermark, true);
    for (const header of readBatches(slice.bytes)) {
      if (!hasRightCrc(slice.bytes, header)) throw new Error(`torn read at ${header.baseOffset}`);
      const cursor = new RecordCursor();
      cursor.open(header, slice.bytes.subarray(header.start + 61, header.end));
      while (cursor.next()) {
        if (cursor.offset !== values.length) throw new Error(`offset ${cursor.offset} where ${values.length} is next`);
        values.push(decoder.decode(cursor.value()!));
      }
    }
    if (slice.next === from) throw new Error(`no progress at ${from}`);
    from = slice.next;
  }
  return values;
}

function ignoreDisk(error: unknown): void {
  if (!(error instanceof StreamctlError)) throw error;
}
