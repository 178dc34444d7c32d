import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import type { JoinAnswer } from '../../../src/broker/groups/group-types.js';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { settle } from '../../support/sim-clock.js';
import { GroupWorld, joinRequest, subscription, TestClient } from './group-harness.js';

/** What all members together have seen of each generation; contradictions are failures. */
class Witness {
  readonly #seen = new Map<number, { leader: string; protocol: string | null; members?: readonly string[] }>();
  readonly #parts = new Map<string, string>();
  readonly #settled = new Set<number>();
  /** What went wrong inside of clients. */
  readonly failures: unknown[] = [];

  /** A round that was not stored before a restart never was: nobody has received a part of it. */
  restarted(): void {
    for (const generation of this.#seen.keys()) if (!this.#settled.has(generation)) this.#seen.delete(generation);
    for (const key of this.#parts.keys()) if (!this.#settled.has(Number.parseInt(key, 10))) this.#parts.delete(key);
  }

  joined(answer: JoinAnswer): void {
    const known = this.#seen.get(answer.generationId);
    if (known) {
      expect(answer.protocolName).toBe(known.protocol);
      // A leader's client that was restarted is told the id that led before: both stand for the same place.
      if (answer.members.length > 0 && known.members && answer.leader === known.leader) {
        expect(answer.members.map(({ memberId }) => memberId).sort()).toEqual([...known.members].sort());
      }
    }
    const members = answer.members.length > 0 ? answer.members.map(({ memberId }) => memberId) : known?.members;
    const entry = { leader: answer.leader, protocol: answer.protocolName };
    this.#seen.set(answer.generationId, members ? { ...entry, members } : entry);
    if (answer.members.length > 0) expect(answer.members.map(({ memberId }) => memberId)).toContain(answer.memberId);
  }

  assigned(generation: number, memberId: string, part: string): void {
    this.#parts.set(`${generation}/${memberId}`, part);
  }

  received(generation: number, memberId: string, part: string): void {
    this.#settled.add(generation);
    const expected = this.#parts.get(`${generation}/${memberId}`);
    if (part !== '' && expected !== undefined) expect(part).toBe(expected);
    // Nobody may be given the part of another generation.
    if (part !== '') expect(part.startsWith(`${generation}:`)).toBe(true);
  }
}

/** A client that follows the protocol, as consumers do: join, sync, heartbeat, and again. */
class Actor {
  readonly instanceId: string | null;
  alive = true;
  stable = false;
  generation = -1;
  memberId = '';
  readonly #world: GroupWorld;
  readonly #witness: Witness;
  #client = new TestClient();
  #busy = false;
  #life = 0;
  #highest = -1;

  constructor(world: GroupWorld, witness: Witness, instanceId: string | null) {
    this.#world = world;
    this.#witness = witness;
    this.instanceId = instanceId;
  }

  /** Does what is next; comes back at once. */
  act(): void {
    if (!this.alive || this.#busy) return;
    if (this.stable) this.#beat();
    else void this.#joinAndSync().catch((error) => this.#witness.failures.push(error));
  }

  die(): void {
    this.alive = false;
    this.#forget();
  }

  leave(): void {
    const { memberId, instanceId: groupInstanceId } = this;
    if (memberId !== '') this.#world.groups.leave({ groupId: 'g', members: [{ memberId, groupInstanceId }] });
    this.die();
  }

  /** The broker is another one now: connections are gone, the member id is not. */
  reconnect(): void {
    this.#forget();
  }

  #forget(): void {
    this.#life++;
    this.#busy = false;
    this.stable = false;
    this.#client.cut();
    this.#client = new TestClient();
  }

  #beat(): void {
    const { memberId, generation: generationId, instanceId: groupInstanceId } = this;
    const code = this.#world.groups.heartbeat({ groupId: 'g', memberId, generationId, groupInstanceId });
    if (code === codes.NONE) return;
    this.stable = false;
    if (code === codes.UNKNOWN_MEMBER_ID) this.memberId = '';
    if (code === codes.FENCED_INSTANCE_ID) this.die();
  }

  async #joinAndSync(): Promise<void> {
    this.#busy = true;
    const life = this.#life;
    const groups = this.#world.groups;
    const request = {
      memberId: this.memberId,
      groupInstanceId: this.instanceId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 20_000,
    };
    const protocols = [{ name: 'range', metadata: subscription('orders') }];
    const joined = await groups.join(joinRequest({ ...request, protocols }), this.#client, 9);
    if (life !== this.#life) return;
    if (joined.errorCode !== codes.NONE) return this.#again(joined.errorCode, joined.memberId);
    this.memberId = joined.memberId;
    this.generation = joined.generationId;
    expect(this.generation).toBeGreaterThanOrEqual(this.#highest);
    this.#witness.joined(joined);
    const assignments = joined.skipAssignment ? [] : joined.members.map(({ memberId }) => this.#partOf(memberId));
    const { memberId, generation: generationId, instanceId: groupInstanceId } = this;
    const names = { protocolType: 'consumer', protocolName: 'range' };
    const synced = await groups.sync({ groupId: 'g', generationId, memberId, groupInstanceId, ...names, assignments });
    if (life !== this.#life) return;
    if (synced.errorCode !== codes.NONE) return this.#again(synced.errorCode, memberId);
    // A static member that came back gets what its former self was given.
    this.#witness.received(generationId, memberId, this.instanceId ? '' : fromUtf8(synced.assignment));
    // Only what was assigned is stored, so only that can never be taken back.
    this.#highest = generationId;
    this.stable = true;
    this.#busy = false;
  }

  #partOf(memberId: string) {
    const part = `${this.generation}:${memberId}`;
    this.#witness.assigned(this.generation, memberId, part);
    return { memberId, assignment: utf8(part) };
  }

  #again(errorCode: number, memberId: string): void {
    this.#busy = false;
    if (errorCode === codes.MEMBER_ID_REQUIRED) this.memberId = memberId;
    else if (errorCode === codes.UNKNOWN_MEMBER_ID) this.memberId = '';
    else if (errorCode === codes.FENCED_INSTANCE_ID) this.die();
    else expect([codes.REBALANCE_IN_PROGRESS, codes.ILLEGAL_GENERATION]).toContain(errorCode);
  }
}

type Step =
  | { readonly kind: 'start'; readonly fixed: boolean }
  | { readonly kind: 'die' | 'leave' | 'act'; readonly who: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'restart'; readonly fromSnapshot: boolean };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('start' as const), fixed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('die' as const, 'leave' as const), who: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('act' as const), who: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(0, 0, 1_000, 4_000, 12_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), fromSnapshot: fc.boolean() }) },
);

async function everybodyActs(world: GroupWorld, actors: readonly Actor[], ms: number): Promise<void> {
  for (let at = 0; at <= ms; at += 2_000) {
    for (const actor of actors) actor.act();
    await settle();
    await settle();
    await world.clock.advance(Math.min(2_000, ms - at));
  }
}

async function play(script: readonly Step[]): Promise<void> {
  const world = new GroupWorld();
  const witness = new Witness();
  const actors: Actor[] = [];
  for (const step of script) {
    const actor = 'who' in step ? actors[step.who % Math.max(1, actors.length)] : undefined;
    if (step.kind === 'start') actors.push(new Actor(world, witness, step.fixed ? `fixed${actors.length % 3}` : null));
    else if (step.kind === 'pass') await everybodyActs(world, actors, step.ms);
    else if (step.kind === 'restart') {
      world.restart(step.fromSnapshot);
      witness.restarted();
      for (const each of actors) each.reconnect();
    } else if (step.kind === 'act') actor?.act();
    else if (step.kind === 'die') actor?.die();
    else actor?.leave();
    await settle();
    if (witness.failures.length > 0) throw witness.failures[0];
  }
  // Left in peace, the group settles: everybody alive is in it, in one generation, and nobody else.
  await everybodyActs(world, actors, 120_000);
  const alive = actors.filter((actor) => actor.alive);
  expect(alive.filter((actor) => !actor.stable)).toEqual([]);
  expect(new Set(alive.map((actor) => actor.generation)).size).toBeLessThanOrEqual(1);
  const [group] = await world.groups.describe(['g'], 5);
  const members = group!.members.map(({ memberId }) => memberId).sort();
  expect(members).toEqual(alive.map((actor) => actor.memberId).sort());
  expect(group!.groupState).toBe(alive.length > 0 ? 'Stable' : actors.length > 0 ? group!.groupState : 'Dead');
  world.groups.close();
  expect(world.clock.pending()).toBe(0);
}

describe('a group under members that come, go, die and lose the broker', () => {
  it('agrees on every generation, gives nobody a part that is not his, and settles', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), (script) => play(script)),
      { numRuns: 60 },
    );
  }, 60_000);
});
