import { describe, expect, it } from 'vitest';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { TransactionWorld } from './transaction-harness.js';

const OK = codes.NONE;

describe('InitProducerId', () => {
  it('fences every producer before, in all that these may try', async () => {
    const world = await TransactionWorld.start();
    const zombie = await world.init();
    const next = await world.init();
    expect(next).toMatchObject({ errorCode: OK, producerId: zombie.producerId, epoch: 1 });
    expect(await world.addPartition(zombie)).toBe(codes.PRODUCER_FENCED);
    expect(await world.produce(zombie, 0, 'z')).toBe(codes.INVALID_PRODUCER_EPOCH);
    expect(await world.produce(zombie, 0, 'z', { version: 10 })).toBe(codes.INVALID_PRODUCER_EPOCH);
    expect(await world.commitOffset(zombie, 1)).toBe(codes.INVALID_PRODUCER_EPOCH);
    expect((await world.end(zombie, true)).errorCode).toBe(codes.PRODUCER_FENCED);
    expect((await world.end(zombie, true, 1)).errorCode).toBe(codes.PRODUCER_FENCED);
  });

  it('aborts what the producer before left open', async () => {
    const world = await TransactionWorld.start();
    const zombie = await world.init();
    await world.produce(zombie, 0, 'z');
    await world.commitOffset(zombie, 7);
    const next = await world.init();
    expect(next).toMatchObject({ errorCode: OK, epoch: 2 });
    expect(world.out().markers()).toEqual(['abort@1']);
    expect(await world.committedOffset(true)).toBe(-1);
    expect((await world.end(zombie, true)).errorCode).toBe(codes.PRODUCER_FENCED);
    expect(await world.produce(next, 0, 'a')).toBe(OK);
  });

  it('of a producer that goes on: bumps the epoch it has, once, and knows the repeated request', async () => {
    const world = await TransactionWorld.start();
    const { producerId } = await world.init();
    const goOn = (epoch: number) =>
      world.transactions.initProducer({ transactionalId: 't', timeoutMs: 60_000, producerId, epoch });
    expect(await goOn(0)).toMatchObject({ errorCode: OK, epoch: 1 });
    expect(await goOn(0)).toMatchObject({ errorCode: OK, epoch: 1 });
    await world.restart();
    expect(await goOn(0)).toMatchObject({ errorCode: OK, epoch: 1 });
    expect(await goOn(1)).toMatchObject({ errorCode: OK, epoch: 2 });
    expect((await goOn(0)).errorCode).toBe(codes.PRODUCER_FENCED);
    // Somebody else starts anew: whoever had it before is out, repeated request or not.
    expect(await world.init()).toMatchObject({ epoch: 3 });
    expect((await goOn(2)).errorCode).toBe(codes.PRODUCER_FENCED);
    const stranger = { transactionalId: 't', timeoutMs: 60_000, producerId: producerId + 5, epoch: 3 };
    expect((await world.transactions.initProducer(stranger)).errorCode).toBe(codes.PRODUCER_FENCED);
  });

  it('of a producer that goes on in the middle of its transaction aborts that; a zombie cannot', async () => {
    const world = await TransactionWorld.start();
    await world.init();
    const who = await world.init();
    await world.produce(who, 0, 'a');
    const goOn = (epoch: number) =>
      world.transactions.initProducer({ transactionalId: 't', timeoutMs: 60_000, producerId: who.producerId, epoch });
    expect((await goOn(0)).errorCode).toBe(codes.PRODUCER_FENCED);
    expect(world.status()).toBe('Ongoing');
    expect(await goOn(1)).toMatchObject({ errorCode: OK, epoch: 2 });
    expect(world.out().markers()).toEqual(['abort@2']);
  });

  it('changes the producer id when the epochs run out', async () => {
    const world = await TransactionWorld.start();
    const first = await world.init();
    for (let epoch = 1; epoch <= 32_766; epoch++) await world.init();
    const last = { transactionalId: 't', timeoutMs: 60_000, producerId: first.producerId, epoch: 32_766 };
    const next = await world.transactions.initProducer(last);
    expect(next).toMatchObject({ errorCode: OK, epoch: 0 });
    expect(next.producerId).not.toBe(first.producerId);
    // The answer got lost: the epochs of the new id are bumped from there.
    expect((await world.transactions.initProducer(last)).errorCode).toBe(OK);
  });

  it('never gives a producer id twice, restarts and crashes included', async () => {
    const world = await TransactionWorld.start();
    const seen = new Set<number>();
    for (let round = 0; round < 5; round++) {
      for (let count = 0; count < 700; count++) {
        const { producerId } = await (count === 0 ? world.init(`t${round}`) : world.transactions.newProducer());
        expect(seen.has(producerId)).toBe(false);
        seen.add(producerId);
      }
      await world.restart({ fromSnapshot: round % 2 === 1 });
    }
  });

  it('bounds transactional ids, and forgets those that nobody used for a week', async () => {
    const world = await TransactionWorld.start({ maxTransactionalIds: 2 });
    const open = await world.init('open', 86_400_000);
    await world.init('idle');
    expect((await world.init('third')).errorCode).toBe(codes.POLICY_VIOLATION);
    expect((await world.init('')).errorCode).toBe(codes.INVALID_REQUEST);
    await world.clock.advance(7 * 86_400_000 - 1_000);
    await world.addPartition({ ...open, transactionalId: 'open' });
    await world.clock.advance(3_600_000);
    expect([...world.transactions.list()].map(({ transactionalId }) => transactionalId)).toEqual(['open']);
    await world.restart();
    expect((await world.init('third')).errorCode).toBe(OK);
  });
});
