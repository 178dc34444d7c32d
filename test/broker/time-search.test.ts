import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { findByTime, findLatest } from '../../src/broker/time-search.js';
import { batchOf } from '../support/sim-broker.js';
import { makeTopic, scene } from './broker-fixture.js';

interface Written {
  readonly offset: number;
  readonly timestampMs: number;
}

describe('a search by time', () => {
  it('finds what a look at every record finds: times in any order, markers, many segments, a beginning that is gone', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed);
      const { client, clock, running } = await scene();
      await makeTopic(client, 't', 1, { 'segment.bytes': String(200 + random.below(600)) });
      const partition = running.broker.topics.partition('t', 0)!;
      const { compression } = running.broker.edges;
      const written: Written[] = [];
      const end = (): number => partition.logEnd;
      for (let step = random.below(40); step >= 0; step--) {
        // Markers bear the time of the clock: before some records and behind others.
        const timestampMs = clock.now() - 5 + random.below(10);
        const values = Array.from({ length: 1 + random.below(3) }, (_, index) => `${step}-${index}`);
        const first = end();
        if (random.below(10) < 3) {
          const producer = { producerId: step, producerEpoch: 0, baseSequence: 0, transactional: true };
          partition.append(batchOf(values, producer, timestampMs));
          if (random.below(10) < 8) {
            await partition.appendMarker({ producerId: step, producerEpoch: 0, commit: true, coordinatorEpoch: 0 });
          }
        } else {
          partition.append(batchOf(values, undefined, timestampMs));
        }
        for (const index of values.keys()) written.push({ offset: first + index, timestampMs });
        if (random.below(20) === 0) partition.hideBefore(random.below(end()));
      }
      const limit = random.below(2) === 0 ? end() : partition.lastStable;
      const seen = written.filter(({ offset }) => offset >= partition.logStart && offset < limit);
      const latestMs = Math.max(...seen.map(({ timestampMs }) => timestampMs));
      expect([seed, await findLatest(partition, limit, compression)]).toEqual([
        seed,
        seen.find(({ timestampMs }) => timestampMs === latestMs),
      ]);
      for (let timeMs = clock.now() - 6; timeMs <= clock.now() + 6; timeMs++) {
        expect([seed, await findByTime(partition, timeMs, limit, compression)]).toEqual([
          seed,
          seen.find(({ timestampMs }) => timestampMs >= timeMs),
        ]);
      }
      await running.close();
    }
  });
});
