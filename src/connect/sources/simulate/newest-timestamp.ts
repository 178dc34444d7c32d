import type { KafkaClient } from '../../kafka/client.js';
import { listOffsets } from '../../kafka/list-offsets.js';

/** The answer is exact to this. */
const EXACT_MS = 1_000;

/**
 * Timestamp of the newest record of a topic between two times, found by halving: brokers tell the first record after a time.
 * @returns epoch ms, at most a second too late, `toMs` where records are newer; undefined where no record is that new.
 * @throws `not-found`, `broker-unreachable`
 */
export async function newestTimestamp(
  client: KafkaClient,
  topic: string,
  fromMs: number,
  toMs: number,
): Promise<number | undefined> {
  const { partitions } = await client.topic(topic);
  const places = partitions.map(({ partition }) => ({ topic, partition }));
  const ends = await listOffsets(client, places, 'end', 'read_uncommitted');
  const hasAny = async (atMs: number): Promise<boolean> => {
    const found = await listOffsets(client, places, { atMs }, 'read_uncommitted');
    return found.some(({ offset }, index) => offset < ends[index]!.offset);
  };
  if (!(await hasAny(fromMs))) return undefined;
  let [known, beyond] = [fromMs, toMs];
  while (beyond - known > EXACT_MS) {
    const middle = Math.floor((known + beyond) / 2);
    if (await hasAny(middle)) known = middle;
    else beyond = middle;
  }
  return beyond;
}
