import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { settle } from '../../support/sim-clock.js';
import { TransactionWorld, type Who } from './transaction-harness.js';

const TIMEOUT_MS = 60_000;

/** One transaction of one producer; `written` counts records that were acknowledged, by partition. */
interface Attempt {
  readonly name: string;
  readonly written: [number, number];
  outcome: 'open' | 'committed' | 'aborted' | 'unknown';
}

/** What all producers together know. */
interface Shared {
  readonly world: TransactionWorld;
  readonly version: 1 | 2;
  readonly attempts: Attempt[];
  /** Latest epoch that anybody was given. */
  latestEpoch: number;
  /** What contradicts the protocol. */
  readonly failures: unknown[];
}

type Kind = 'init' | 'recover' | 'write' | 'commit' | 'abort';

/** A producer that shares its transactional id with others, and may do something while they do. */
class Rival {
  readonly #shared: Shared;
  #who: Who | undefined;
  #attempt: Attempt | undefined;
  #sequences: [number, number] = [0, 0];
  #busy: Kind | undefined;
  #life = 0;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** Begins to do it; comes back at once. */
  act(kind: Kind, partition: 0 | 1): void {
    if (this.#busy || (kind !== 'init' && !this.#who)) return;
    this.#busy = kind;
    const life = this.#life;
    const isFenced = this.#who !== undefined && this.#who.epoch < this.#shared.latestEpoch;
    this.#do(kind, partition, () => life === this.#life)
      .then((code) => {
        if (life !== this.#life) return;
        this.#busy = undefined;
        if (isFenced && kind !== 'init') expect([kind, code]).not.toEqual([kind, codes.NONE]);
      })
      .catch((error) => this.#shared.failures.push(error));
  }

  /** The broker was killed. Who waited for an answer knows nothing, and begins anew. */
  brokerDied(): void {
    this.#life++;
    if (!this.#busy) return;
    if (this.#attempt?.outcome === 'open') this.#attempt.outcome = this.#busy === 'commit' ? 'unknown' : 'aborted';
    this.#busy = undefined;
    this.#who = undefined;
  }

  async #do(kind: Kind, partition: 0 | 1, isAlive: () => boolean): Promise<number> {
    const { world } = this.#shared;
    if (kind === 'write') return this.#write(partition, isAlive);
    if (kind === 'commit' || kind === 'abort') return this.#end(kind === 'commit', isAlive);
    const known = kind === 'recover' ? this.#who! : { producerId: -1, epoch: -1 };
    const { producerId, epoch } = known;
    const request = { transactionalId: 't', timeoutMs: TIMEOUT_MS, producerId, epoch };
    const answer = await world.transactions.initProducer(request);
    if (!isAlive()) return answer.errorCode;
    if (answer.errorCode === codes.NONE) this.#begin(answer);
    else if (answer.errorCode !== codes.CONCURRENT_TRANSACTIONS) this.#giveUp();
    return answer.errorCode;
  }

  #begin(who: Who): void {
    if (this.#attempt?.outcome === 'open') this.#attempt.outcome = 'aborted';
    this.#who = who;
    this.#sequences = [0, 0];
    this.#shared.latestEpoch = Math.max(this.#shared.latestEpoch, who.epoch);
  }

  #giveUp(): void {
    if (this.#attempt?.outcome === 'open') this.#attempt.outcome = 'aborted';
    this.#who = undefined;
  }

  async #write(partition: 0 | 1, isAlive: () => boolean): Promise<number> {
    const { world, attempts, version } = this.#shared;
    if (this.#attempt?.outcome !== 'open') {
      this.#attempt = { name: `x${attempts.length}`, written: [0, 0], outcome: 'open' };
      attempts.push(this.#attempt);
    }
    const attempt = this.#attempt;
    let code: number = codes.NONE;
    if (version === 1) code = await world.addPartition(this.#who!, partition);
    if (code === codes.NONE && isAlive()) {
      const value = `${attempt.name}/${partition}/${attempt.written[partition]}`;
      const options = { index: partition, version: version === 2 ? 13 : 10 };
      code = await world.produce(this.#who!, this.#sequences[partition], value, options);
    }
    if (!isAlive() || code === codes.CONCURRENT_TRANSACTIONS) return code;
    if (code !== codes.NONE) this.#giveUp();
    else {
      this.#sequences[partition]++;
      attempt.written[partition]++;
    }
    return code;
  }

  async #end(commit: boolean, isAlive: () => boolean): Promise<number> {
    const attempt = this.#attempt;
    if (attempt?.outcome !== 'open' || attempt.written.every((count) => count === 0)) return -1;
    const { world, version } = this.#shared;
    const answer = await world.end(this.#who!, commit, version);
    if (!isAlive() || answer.errorCode === codes.CONCURRENT_TRANSACTIONS) return answer.errorCode;
    if (answer.errorCode !== codes.NONE) this.#giveUp();
    else {
      attempt.outcome = commit ? 'committed' : 'aborted';
      if (version === 2) this.#begin(answer);
    }
    return answer.errorCode;
  }
}

interface Step {
  readonly kind: Kind | 'pass' | 'restart';
  readonly who: number;
  readonly partition: 0 | 1;
  /** How far it gets before the next step. */
  readonly turns: number;
}

const steps: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind']>(
    ...(['init', 'init', 'recover', 'write', 'write', 'write', 'write', 'commit', 'commit', 'abort'] as const),
    ...(['pass', 'restart'] as const),
  ),
  who: fc.nat(2),
  partition: fc.constantFrom(0 as const, 1 as const),
  turns: fc.constantFrom(0, 0, 1, 2, 5),
});

/** Readers of what is committed see each transaction whole or not at all, and exactly those whose commit was confirmed. */
function check({ world, attempts }: Shared): void {
  const seen = [0, 1].map((partition) => world.out(partition).committed());
  for (const attempt of attempts) {
    const counts = seen.map((values) => values.filter((value) => value.startsWith(`${attempt.name}/`)).length);
    const isThere = attempt.outcome === 'committed' || (attempt.outcome === 'unknown' && counts.some((n) => n > 0));
    expect({ ...attempt, counts }).toEqual({ ...attempt, counts: isThere ? attempt.written : [0, 0] });
  }
  for (const partition of [0, 1]) expect(world.out(partition).openTransactions()).toEqual([]);
}

async function play(version: 1 | 2, script: readonly Step[]): Promise<void> {
  const world = await TransactionWorld.start();
  const shared: Shared = { world, version, attempts: [], latestEpoch: -1, failures: [] };
  const rivals = [new Rival(shared), new Rival(shared), new Rival(shared)];
  for (const { kind, who, partition, turns } of script) {
    if (kind === 'pass') await world.clock.advance(partition === 0 ? 20_000 : TIMEOUT_MS + 1_000);
    else if (kind === 'restart') {
      await world.restart({ fromSnapshot: partition === 1 });
      for (const rival of rivals) rival.brokerDied();
    } else rivals[who]!.act(kind, partition);
    for (let turn = 0; turn < turns; turn++) await settle();
    if (shared.failures.length > 0) throw shared.failures[0];
  }
  for (let turn = 0; turn < 20; turn++) await settle();
  // A last one fences them all, and finds nothing left open.
  let last = await world.init();
  for (let tries = 0; last.errorCode === codes.CONCURRENT_TRANSACTIONS && tries < 20; tries++) {
    await world.clock.advance(1_000);
    last = await world.init();
  }
  expect(last.errorCode).toBe(codes.NONE);
  expect(last.epoch).toBeGreaterThan(shared.latestEpoch);
  if (shared.failures.length > 0) throw shared.failures[0];
  for (const attempt of shared.attempts) if (attempt.outcome === 'open') attempt.outcome = 'aborted';
  check(shared);
  await world.restart({ fromSnapshot: true });
  check(shared);
}

describe('producers that share a transactional id', () => {
  for (const version of [1, 2] as const) {
    it(`of version ${version} fence each other, and leave whole transactions`, async () => {
      const scripts = fc.array(steps, { minLength: 5, maxLength: 50 });
      await fc.assert(
        fc.asyncProperty(scripts, (script) => play(version, script)),
        { numRuns: 300 },
      );
    }, 60_000);
  }
});
