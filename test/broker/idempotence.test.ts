import { describe, expect, it } from 'vitest';
import { initProducerIdApi } from '../../src/wire/apis/22-init-producer-id.js';
import { errorCodes } from '../../src/wire/error-codes.js';
import { batchOf, type TestProducer } from '../support/sim-broker.js';
import { fetchFrom, makeTopic, produce, scene, valuesIn } from './broker-fixture.js';

function producer(baseSequence: number, producerEpoch = 0): TestProducer {
  return { producerId: 42, producerEpoch, baseSequence };
}

describe('an idempotent producer', () => {
  it('is told the first offset again for one of its last five batches', async () => {
    const { client } = await scene();
    await makeTopic(client, 't');
    for (let n = 0; n < 7; n++) await produce(client, 't', [`v${n}`], { producer: producer(n) });
    for (let n = 2; n < 7; n++) {
      expect(await produce(client, 't', [`v${n}`], { producer: producer(n) })).toMatchObject({
        errorCode: 0,
        baseOffset: BigInt(n),
      });
    }
    const old = await produce(client, 't', ['v1'], { producer: producer(1) });
    expect(old.errorCode).toBe(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(valuesIn((await fetchFrom(client, 't', 0)).records)).toHaveLength(7);
  });

  it('may not leave a gap, nor go on with an old epoch', async () => {
    const { client } = await scene();
    await makeTopic(client, 't');
    await produce(client, 't', ['a', 'b'], { producer: producer(0) });
    const gap = await produce(client, 't', ['d'], { producer: producer(3) });
    expect(gap.errorCode).toBe(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER);
    const middle = await produce(client, 't', ['x'], { producer: producer(5, 1) });
    expect(middle.errorCode).toBe(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect((await produce(client, 't', ['c'], { producer: producer(0, 1) })).errorCode).toBe(0);
    const late = await produce(client, 't', ['d'], { producer: producer(2, 0) });
    expect(late.errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH);
  });

  it('counts on from 0 after 2^31 - 1', async () => {
    const { client } = await scene();
    await makeTopic(client, 't');
    const last = 2 ** 31 - 1;
    await produce(client, 't', ['a'], { producer: producer(last - 1) });
    expect((await produce(client, 't', ['b', 'c', 'd'], { producer: producer(last) })).errorCode).toBe(0);
    expect((await produce(client, 't', ['e'], { producer: producer(2) })).errorCode).toBe(0);
    const again = await produce(client, 't', ['b', 'c', 'd'], { producer: producer(last) });
    expect(again).toMatchObject({ errorCode: 0, baseOffset: 1n });
  });

  it('is remembered over a kill, over a clean stop, and over rolled segments', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't', 1, { 'segment.bytes': '250' });
    for (let n = 0; n < 9; n++) await produce(stage.client, 't', [`v${n}`], { producer: producer(n) });
    for (let round = 0; round < 2; round++) {
      if (round === 0) await stage.restart();
      else {
        await stage.running.close();
        await stage.restart();
      }
      const again = await produce(stage.client, 't', ['v8'], { producer: producer(8) });
      expect(again).toMatchObject({ errorCode: 0, baseOffset: 8n });
      const gap = await produce(stage.client, 't', ['v'], { producer: producer(10) });
      expect(gap.errorCode).toBe(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    expect((await produce(stage.client, 't', ['v9'], { producer: producer(9) })).baseOffset).toBe(9n);
  });

  it('is remembered while it may send a batch again, however old its records are', async () => {
    const stage = await scene();
    await makeTopic(stage.client, 't');
    const old = (n: number) => batchOf([`v${n}`], producer(n), stage.clock.now() - 400 * 86_400_000);
    expect((await produce(stage.client, 't', old(0))).baseOffset).toBe(0n);
    await stage.clock.advance(300_000);
    expect((await produce(stage.client, 't', old(0))).baseOffset).toBe(0n);
    const partition = stage.running.broker.topics.partition('t', 0)!;
    await stage.clock.advance(7_200_000);
    expect(partition.producer(42)).toBeUndefined();
  });

  it.each([{ producerId: 42n }, { producerEpoch: 0 }])('names an id together with its epoch: %o', async (half) => {
    const { client } = await scene();
    for (const transactionalId of [null, 'x']) {
      const { errorCode } = await client.call(initProducerIdApi, 5, {
        transactionalId,
        transactionTimeoutMs: 1000,
        ...half,
      });
      expect(errorCode).toBe(errorCodes.INVALID_REQUEST);
    }
  });

  it('is rebuilt from the log where its snapshots are lost or torn', async () => {
    const stage = await scene();
    const id = await makeTopic(stage.client, 't', 1, { 'segment.bytes': '250' });
    for (let n = 0; n < 9; n++) await produce(stage.client, 't', [`v${n}`], { producer: producer(n) });
    await stage.running.close();
    const folder = `/data/topics/${id}/0`;
    const snapshots = stage.files.list(folder).filter((name) => name.endsWith('.producers'));
    expect(snapshots.length).toBeGreaterThan(0);
    for (const name of snapshots) stage.files.flipBit(`${folder}/${name}`, 30, 3);
    await stage.restart();
    expect(await produce(stage.client, 't', ['v6'], { producer: producer(6) })).toMatchObject({ baseOffset: 6n });
    expect((await produce(stage.client, 't', ['v9'], { producer: producer(9) })).baseOffset).toBe(9n);
  });
});
