import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import { PartitionFetcher } from '../../../src/connect/kafka/fetcher.js';
import type { FetcherOptions } from '../../../src/connect/kafka/interfaces.js';
import { fetchApi } from '../../../src/wire/apis/01-fetch.js';
import { listOffsetsApi } from '../../../src/wire/apis/02-list-offsets.js';
import { errorCodes } from '../../../src/wire/error-codes.js';
import { RecordBatchBuilder } from '../../../src/wire/record-batch-builder.js';
import { ScriptedCluster } from '../../support/scripted-cluster.js';

const OLDEST = 7;

/** One record at `offset`. */
function batch(offset: number): Uint8Array {
  const builder = new RecordBatchBuilder(256);
  builder.append(0, null, utf8('value'));
  return builder.finish({ baseOffset: offset }).slice();
}

let cluster: ScriptedCluster;
/** Partitions whose records are damaged on the way. */
let damaged: Set<number>;
/** Partitions that lost what is before {@link OLDEST}. */
let trimmed: Set<number>;
/** Called when it is asked where a partition begins or ends. */
let onLocate: () => void;

beforeEach(async () => {
  [damaged, trimmed, onLocate] = [new Set(), new Set(), () => undefined];
  cluster = new ScriptedCluster();
  cluster.leaders = [1, 1];
  cluster.on(fetchApi, ({ topics }) => ({
    responses: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: partitionIndex, fetchOffset }) => {
        const gone = trimmed.has(partitionIndex) && Number(fetchOffset) < OLDEST;
        const records = gone ? null : batch(Number(fetchOffset));
        if (damaged.has(partitionIndex)) records![records!.length - 2]! ^= 1;
        const errorCode = gone ? errorCodes.OFFSET_OUT_OF_RANGE : 0;
        const ends = { highWatermark: 1000n, lastStableOffset: 1000n, logStartOffset: 0n };
        return { partitionIndex, errorCode, ...ends, abortedTransactions: null, records };
      }),
    })),
  }));
  cluster.on(listOffsetsApi, ({ topics }) => {
    onLocate();
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => ({
          partitionIndex,
          errorCode: 0,
          offset: timestamp === -2n ? BigInt(OLDEST) : 1000n,
        })),
      })),
    };
  });
  await cluster.start(1);
});

afterEach(() => cluster.client.close());

function fetcherOf(options: FetcherOptions = {}): PartitionFetcher {
  const fetcher = new PartitionFetcher(cluster.client, { prefetchBytes: 1, ...options });
  fetcher.assign([0, 1].map((partition) => ({ topic: 't', partition, offset: 0 })));
  return fetcher;
}

/** What `count` calls give, each within a second: `partition:offset`, or the code of an error. */
async function taken(fetcher: PartitionFetcher, count: number): Promise<string[]> {
  const seen: string[] = [];
  for (let turn = 0; turn < count; turn++) {
    const next = fetcher.next(1000).then(
      (fetched) => (fetched ? `${fetched.partition}:${fetched.fromOffset}` : 'nothing'),
      (error: { code: string }) => error.code,
    );
    await cluster.clock.advance(1000);
    seen.push(await next);
  }
  return seen;
}

describe('an answer about several partitions', () => {
  it.each([0, 1])('loses nothing of the others where partition %i is damaged', async (bad) => {
    damaged.add(bad);
    const fetcher = fetcherOf();
    const seen = await taken(fetcher, 8);
    expect(seen.slice(0, 4), 'tells it while others have more').toContain('log-corrupt');
    const good = seen.filter((what) => what !== 'log-corrupt');
    expect(good.length, 'and goes on with them').toBeGreaterThan(2);
    expect(good).toEqual(good.map((_, offset) => `${1 - bad}:${offset}`));
    await fetcher.close();
  });

  it('leaves a partition paused that was paused while its place was looked for', async () => {
    trimmed.add(1);
    const fetcher = fetcherOf({ onOffsetGone: 'earliest' });
    onLocate = () => fetcher.pause([{ topic: 't', partition: 1 }]);
    const seen = await taken(fetcher, 8);
    expect(seen.filter((what) => what.startsWith('1:'))).toEqual([]);
    expect(fetcher.position({ topic: 't', partition: 1 })).toBe(OLDEST);
    fetcher.resume([{ topic: 't', partition: 1 }]);
    expect(await taken(fetcher, 4)).toContain(`1:${OLDEST}`);
    await fetcher.close();
  });

  it('says nothing more of a partition that was removed', async () => {
    trimmed.add(1);
    const fetcher = fetcherOf({ onOffsetGone: 'fail' });
    onLocate = () => fetcher.remove([{ topic: 't', partition: 1 }]);
    const seen = await taken(fetcher, 8);
    expect(seen).toEqual(seen.map((_, offset) => `0:${offset}`));
    await fetcher.close();
  });
});
