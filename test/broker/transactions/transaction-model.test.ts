import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { settle } from '../../support/sim-clock.js';
import { TransactionWorld, type Who } from './transaction-harness.js';

/** One transaction as its producer sees it: records in two partitions and an offset, which count together or not at all. */
interface Attempt {
  readonly name: string;
  readonly written: [number, number];
  offset: number;
  outcome: 'open' | 'committed' | 'aborted' | 'unknown';
}

/** A step; with `crash` the power fails in its middle, and `kept` says how much of what it wrote had reached the disk. */
interface Step {
  readonly kind: 'write' | 'offset' | 'commit' | 'abort' | 'late' | 'restart' | 'pass';
  readonly partition: 0 | 1;
  readonly crash: boolean;
  readonly kept: readonly [number, number, number];
}

const steps: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind']>(
    'write',
    'write',
    'write',
    'offset',
    'commit',
    'commit',
    'abort',
    'late',
    'restart',
    'pass',
  ),
  partition: fc.constantFrom(0 as const, 1 as const),
  crash: fc.boolean().chain((yes) => (yes ? fc.boolean() : fc.constant(false))),
  kept: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
});

class Play {
  readonly attempts: Attempt[] = [];
  readonly #world: TransactionWorld;
  readonly #version: 1 | 2;
  #who!: Who;
  #sequences: [number, number] = [0, 0];
  #offset = 0;

  constructor(world: TransactionWorld, version: 1 | 2) {
    this.#world = world;
    this.#version = version;
  }

  async start(): Promise<void> {
    const answer = await this.#world.init('t', 60_000);
    expect(answer.errorCode).toBe(codes.NONE);
    this.#who = answer;
    this.#sequences = [0, 0];
  }

  get #present(): Attempt {
    const last = this.attempts.at(-1);
    if (last?.outcome === 'open') return last;
    const next: Attempt = { name: `x${this.attempts.length}`, written: [0, 0], offset: -1, outcome: 'open' };
    this.attempts.push(next);
    return next;
  }

  async step(step: Step): Promise<void> {
    if (step.kind === 'restart') return this.#world.restart({ fromSnapshot: step.partition === 1 });
    if (step.kind === 'pass') return this.#world.clock.advance(10_000);
    const before = {
      frames: this.#world.journal.frames.length,
      rows: [this.#world.out(0).rows.length, this.#world.out(1).rows.length] as const,
    };
    const done = this.#act(step);
    if (!step.crash) return done;
    let isAnswered = false;
    done.then(
      () => {
        isAnswered = true;
      },
      () => {},
    );
    for (let turn = 0; turn < step.kept[0]; turn++) await settle();
    await this.#powerFails(step, isAnswered ? undefined : before);
  }

  /** @param before how much was on the disk before the step; undefined when the step was answered. */
  async #powerFails(step: Step, before?: { frames: number; rows: readonly [number, number] }): Promise<void> {
    const last = this.attempts.at(-1);
    if (last?.outcome === 'open') last.outcome = step.kind === 'commit' ? 'unknown' : 'aborted';
    const [turns, rows0, rows1] = step.kept;
    if (!before) await this.#world.restart();
    else {
      // What was acknowledged is on the disk, of the rest a part. A marker is written when its decision is durable.
      await this.#world.restart({
        journalFrames: turns > 0 ? this.#world.journal.frames.length : before.frames + (rows0 % 2),
        logRows: [before.rows[0] + rows0, before.rows[1] + rows1],
      });
    }
    await this.start();
  }

  #act(step: Step): Promise<void> {
    if (step.kind === 'write') return this.#write(step.partition);
    if (step.kind === 'offset') return this.#commitOffset();
    if (step.kind === 'late') return this.#late(step.partition);
    return this.#end(step.kind === 'commit');
  }

  async #write(partition: 0 | 1): Promise<void> {
    const attempt = this.#present;
    const version = this.#version === 2 ? 13 : 10;
    const value = `${attempt.name}/${partition}/${attempt.written[partition]++}`;
    if (this.#version === 1) expect(await this.#world.addPartition(this.#who, partition)).toBe(codes.NONE);
    const sequence = this.#sequences[partition]++;
    expect(await this.#world.produce(this.#who, sequence, value, { index: partition, version })).toBe(codes.NONE);
  }

  async #commitOffset(): Promise<void> {
    const attempt = this.#present;
    attempt.offset = ++this.#offset;
    if (this.#version === 1) {
      const { durable } = this.#world.transactions.add({ transactionalId: 't', ...this.#who }, { groups: ['g'] });
      await durable;
    }
    const version = this.#version === 2 ? 5 : 3;
    expect(await this.#world.commitOffset(this.#who, attempt.offset, { version })).toBe(codes.NONE);
  }

  /** A record of an earlier epoch: nobody may ever see it. */
  async #late(partition: 0 | 1): Promise<void> {
    const zombie = { ...this.#who, epoch: this.#who.epoch - 1 };
    expect(await this.#world.produce(zombie, 0, 'late', { index: partition })).not.toBe(codes.NONE);
  }

  async #end(commit: boolean): Promise<void> {
    const last = this.attempts.at(-1);
    if (last?.outcome !== 'open') return;
    const answer = await this.#world.end(this.#who, commit, this.#version);
    // The answer of a broker that is dead: nobody has heard it.
    if (last.outcome !== 'open') return;
    expect(answer.errorCode).toBe(codes.NONE);
    last.outcome = commit ? 'committed' : 'aborted';
    if (this.#version === 1) return;
    this.#who = answer;
    this.#sequences = [0, 0];
  }
}

/** What read_committed readers and the group see has to be whole transactions: all that were committed, none that were aborted. */
async function check(world: TransactionWorld, attempts: readonly Attempt[]): Promise<void> {
  const seen = [0, 1].map((partition) => world.out(partition).committed());
  let offset = -1;
  for (const attempt of attempts) {
    const counts = seen.map((values) => values.filter((value) => value.startsWith(`${attempt.name}/`)).length);
    const isThere =
      attempt.outcome === 'committed' || (attempt.outcome === 'unknown' && counts.some((count) => count > 0));
    expect({ ...attempt, counts }).toEqual({ ...attempt, counts: isThere ? attempt.written : [0, 0] });
    if (isThere && attempt.offset >= 0) offset = attempt.offset;
    const isEmpty = attempt.written.every((count) => count === 0);
    if (attempt.outcome === 'unknown' && isEmpty && (await world.committedOffset()) === attempt.offset)
      offset = attempt.offset;
  }
  expect(seen.flat().filter((value) => value === 'late')).toEqual([]);
  expect(await world.committedOffset(true)).toBe(offset);
}

describe('transactions under crashes', () => {
  for (const version of [1, 2] as const) {
    it(`of version ${version} are seen whole or not at all`, async () => {
      const play = async (script: readonly Step[]): Promise<void> => {
        const world = await TransactionWorld.start();
        const actor = new Play(world, version);
        await actor.start();
        for (const step of script) await actor.step(step);
        // A last producer fences whoever was before, and finds nothing left open.
        await world.init();
        for (const attempt of actor.attempts) if (attempt.outcome === 'open') attempt.outcome = 'aborted';
        await check(world, actor.attempts);
        expect(world.out(0).openTransactions()).toEqual([]);
        expect(world.out(1).openTransactions()).toEqual([]);
        await world.restart({ fromSnapshot: true });
        await check(world, actor.attempts);
      };
      await fc.assert(fc.asyncProperty(fc.array(steps, { minLength: 3, maxLength: 30 }), play), { numRuns: 80 });
    }, 60_000);
  }
});
