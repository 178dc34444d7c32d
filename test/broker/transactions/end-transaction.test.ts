import { describe, expect, it } from 'vitest';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { settle } from '../../support/sim-clock.js';
import { TransactionWorld, type Who } from './transaction-harness.js';

type State = 'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort';

/** Brings a transactional id into a state by the protocol alone; gives the producer as it now is. */
async function bring(world: TransactionWorld, state: State, version: 1 | 2): Promise<Who> {
  const who = await world.init();
  if (state === 'Empty') return who;
  expect(await world.addPartition(who)).toBe(codes.NONE);
  expect(await world.produce(who, 0, 'a', { version: version === 2 ? 13 : 10 })).toBe(codes.NONE);
  if (state === 'Ongoing') return who;
  const prepares = state.startsWith('Prepare');
  if (prepares) world.out().held = true;
  const ended = world.end(who, state.endsWith('Commit'), version);
  if (prepares) await settle();
  else await ended;
  const { producerId, epoch } = world.transactions.describe('t')!;
  return { producerId, epoch };
}

const OK = codes.NONE;
const FENCED = codes.PRODUCER_FENCED;
const INVALID = codes.INVALID_TXN_STATE;
const BUSY = codes.CONCURRENT_TRANSACTIONS;

/** Version 2: state -> commit with the present epoch, with the one before, abort with the present one, with the one before. */
const VERSION_2: Readonly<Record<State, readonly [number, number, number, number]>> = {
  Empty: [INVALID, FENCED, OK, FENCED],
  Ongoing: [OK, FENCED, OK, FENCED],
  PrepareCommit: [FENCED, BUSY, FENCED, INVALID],
  PrepareAbort: [FENCED, INVALID, FENCED, BUSY],
  CompleteCommit: [INVALID, OK, OK, INVALID],
  CompleteAbort: [INVALID, INVALID, OK, OK],
};

/** Version 1: the epoch never moves; only the present one is let through. */
const VERSION_1: Readonly<Record<State, readonly [number, number, number, number]>> = {
  Empty: [INVALID, FENCED, INVALID, FENCED],
  Ongoing: [OK, FENCED, OK, FENCED],
  PrepareCommit: [BUSY, FENCED, INVALID, FENCED],
  PrepareAbort: [INVALID, FENCED, BUSY, FENCED],
  CompleteCommit: [OK, FENCED, INVALID, FENCED],
  CompleteAbort: [INVALID, FENCED, OK, FENCED],
};

const CELLS = [
  { commit: true, before: false },
  { commit: true, before: true },
  { commit: false, before: false },
  { commit: false, before: true },
];

for (const [version, table] of [
  [2, VERSION_2],
  [1, VERSION_1],
] as const) {
  describe.each(Object.entries(table) as [State, readonly number[]][])(
    `EndTxn of version ${version} in state %s`,
    (state, expected) => {
      for (const [column, { commit, before }] of CELLS.entries()) {
        const cell = `${commit ? 'commit' : 'abort'} with the ${before ? 'epoch before' : 'present epoch'}`;
        it(cell, async () => {
          const world = await TransactionWorld.start();
          // A second epoch, so that there is one before the present one in every state.
          await world.init();
          const who = await bring(world, state, version);
          const asked = { ...who, epoch: before ? who.epoch - 1 : who.epoch };
          const answer = await world.end(asked, commit, version);
          expect(answer.errorCode).toBe(expected[column]);
          const bumps = version === 2 && !before && answer.errorCode === OK;
          if (answer.errorCode === OK) expect(answer.epoch).toBe(who.epoch + (bumps ? 1 : 0));
          expect(world.transactions.describe('t')!.epoch).toBe(who.epoch + (bumps ? 1 : 0));
        });

        it(`${cell}, after a restart`, async () => {
          const world = await TransactionWorld.start();
          await world.init();
          const who = await bring(world, state, version);
          await world.restart({ fromSnapshot: column % 2 === 0 });
          // What was decided is carried out by the restart, so that a prepared state is a complete one.
          const now = state.replace('Prepare', 'Complete') as State;
          expect(world.status()).toBe(now);
          const asked = { ...who, epoch: before ? who.epoch - 1 : who.epoch };
          const answer = await world.end(asked, commit, version);
          expect(answer.errorCode).toBe(table[now][column]);
        });
      }
    },
  );
}

describe('EndTxn', () => {
  it('knows neither unknown transactional ids nor other producers', async () => {
    const world = await TransactionWorld.start();
    expect((await world.end({ producerId: 1, epoch: 0 }, true)).errorCode).toBe(codes.INVALID_PRODUCER_ID_MAPPING);
    expect((await world.end({ transactionalId: '', producerId: 1, epoch: 0 }, true)).errorCode).toBe(
      codes.INVALID_REQUEST,
    );
    const who = await world.init();
    const other = await world.end({ ...who, producerId: who.producerId + 1 }, false);
    expect(other.errorCode).toBe(codes.INVALID_PRODUCER_ID_MAPPING);
  });

  it('goes on with a new producer id when the epochs run out, and knows the repeated request by the old one', async () => {
    const world = await TransactionWorld.start();
    let who: Who = await world.init();
    for (let epoch = 0; epoch < 32_766; epoch++) {
      who = await world.end(who, false);
    }
    expect(who.epoch).toBe(32_766);
    expect(await world.produce(who, 0, 'last')).toBe(OK);
    const next = await world.end(who, true);
    expect(next).toMatchObject({ errorCode: OK, epoch: 0 });
    expect(next.producerId).not.toBe(who.producerId);
    expect(world.out().markers()).toEqual(['commit@32767']);
    expect(await world.end(who, true)).toEqual(next);
    await world.restart();
    expect(await world.end(who, true)).toEqual(next);
    expect((await world.end(who, false)).errorCode).toBe(INVALID);
    expect(await world.produce(next, 0, 'first')).toBe(OK);
  });

  it('of a producer that continues after a restart needs no InitProducerId (as sinks do that stored their transactions)', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init('sink', 3_600_000);
    const producer = { ...who, transactionalId: 'sink' };
    await world.addPartition(producer);
    await world.produce(producer, 0, 'pre-committed', { version: 10 });
    await world.restart();
    expect(world.out().committed()).toEqual([]);
    expect((await world.end(producer, true, 1)).errorCode).toBe(OK);
    expect(world.out().committed()).toEqual(['pre-committed']);
    await world.restart();
    expect((await world.end(producer, true, 1)).errorCode).toBe(OK);
    expect(world.out().markers()).toEqual(['commit@0']);
  });
});
