import { phasesOf } from '../plan/phases.js';
import type { Plan } from '../plan/plan.js';
import type { Connection } from './connection.js';

/** What is written between the phases of a pipeline whose work is shared. */
export interface ExchangeTopic {
  /** Name of the exchange in the plan. */
  readonly exchange: string;
  /** Name of the part behind it. */
  readonly part: string;
  readonly topic: string;
  /** One per share; a share keeps its keys as long as the topic is there. */
  readonly shares: number;
}

/** Records of an exchange are of no use to anybody once their offsets are committed. */
const CONFIG = { 'cleanup.policy': 'delete', 'retention.ms': '-1' };

function topicOf(plan: Plan, exchange: string): string {
  return `streamctl-${plan.name}-${exchange}-repartition`;
}

/** The exchanges of `plan` that have topics already. */
export async function knownExchanges(connection: Connection, plan: Plan): Promise<readonly ExchangeTopic[]> {
  const all = phasesOf(plan).parts.flatMap(({ name: part, exchanges }) =>
    exchanges.map(({ name: exchange }) => ({ exchange, part, topic: topicOf(plan, exchange) })),
  );
  if (all.length === 0) return [];
  const { topics } = await connection.client.cluster(all.map(({ topic }) => topic));
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  return all.flatMap((one) => (counts.has(one.topic) ? [{ ...one, shares: counts.get(one.topic)! }] : []));
}

/**
 * Makes the topics of exchanges that are missing: those that are shared out have as many partitions as their source.
 * @returns the exchanges, all of them, and the names of the topics that were made.
 */
export async function makeExchanges(
  connection: Connection,
  plan: Plan,
): Promise<{ readonly exchanges: readonly ExchangeTopic[]; readonly made: readonly string[] }> {
  const sources = new Map(plan.sources.map(({ name, topic }) => [name, topic]));
  const wanted = [];
  for (const { shared, exchanges } of phasesOf(plan).parts) {
    for (const { name, source } of exchanges) {
      const partitions = shared ? (await connection.partitions(sources.get(source)!)).length : 1;
      wanted.push({ name: topicOf(plan, name), partitions, replicas: 1, config: CONFIG });
    }
  }
  const made = await connection.createMissing(wanted);
  for (const { name } of wanted) await connection.partitions(name);
  return { exchanges: await knownExchanges(connection, plan), made };
}
