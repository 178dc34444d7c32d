import { dataBatches } from '../../src/connect/kafka/data-batches.js';
import type { Connection } from '../../src/run/connection.js';
import { testEdges } from './client-edges.js';

/** How many records a topic holds; 0 where there is none of that name. */
export async function countRecords(
  connection: Connection,
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted',
): Promise<number> {
  const { topics } = await connection.client.cluster([topic]);
  if (topics.length === 0) return 0;
  const partitions = (await connection.partitions(topic)).map((partition) => ({ topic, partition }));
  const ends =
    isolation === 'read_committed' ? await connection.offsets(partitions, 'end') : await connection.ends(partitions);
  const fetcher = connection.fetcher({ maxWaitMs: 50, isolation });
  fetcher.assign(await connection.offsets(partitions, 'start'));
  let count = 0;
  try {
    while (ends.some((end) => (fetcher.position(end) ?? 0) < end.offset)) {
      const fetched = await fetcher.next(1_000);
      if (!fetched) continue;
      for (const header of dataBatches(fetched, testEdges().compression)) count += header.recordCount;
    }
  } finally {
    await fetcher.close();
  }
  return count;
}
