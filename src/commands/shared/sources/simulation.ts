import { StreamctlError } from '../../../base/errors.js';
import type { KafkaClient } from '../../../connect/kafka/client.js';
import { createMissingTopics } from '../../../connect/kafka/create-topics.js';
import { producerProperties } from '../../../connect/kafka/option-properties.js';
import { RecordProducer } from '../../../connect/kafka/producer.js';
import { parseRate } from '../../../connect/sources/poll/rate-limit.js';
import { type SimulationOptions, simulate } from '../../../connect/sources/simulate/disturb.js';
import { SIMULATORS } from '../../../connect/sources/simulate/index.js';
import type { Simulator } from '../../../connect/sources/simulate/interfaces.js';
import { newestTimestamp } from '../../../connect/sources/simulate/newest-timestamp.js';
import {
  type PlayEnd,
  playSimulation,
  type SimulatedRecord,
  type SimulationSink,
  topicWriter,
} from '../../../connect/sources/simulate/play-simulation.js';
import { type SimulationCounts, SimulationTally } from '../../../connect/sources/simulate/tally.js';
import type { Plan } from '../../../plan/plan.js';
import type { Context } from '../frame/context.js';
import { readBeginning, readDisturbances, readSimulationSpeed, type SimulateFlags } from './simulate-flags.js';

/** A broker that is gone for so long is given up. */
const DELIVERY_TIMEOUT_MS = 30_000;

/** A simulation that is ready to go out. */
export interface SimulationPlan {
  readonly simulator: Simulator;
  readonly options: SimulationOptions;
  readonly speed: number;
  /** What arrives at this event time or later does not arrive any more; Infinity: without end. */
  readonly endMs: number;
  readonly limit: number;
  readonly topic: string;
  /** Nobody said when it begins: it goes on behind what the topic holds, which would make it late. */
  readonly goesOn: boolean;
  /** All of it goes out at once: it ends by now, however late it begins. */
  readonly endsByNow?: true;
}

/** What of a context a simulation works with. */
export type SimulationPlace = Pick<Context, 'clock' | 'signal'>;

/**
 * Works out what is simulated, and how fast it goes out. Faster than the clock it begins in the past, so that nothing
 * arrives before it has happened.
 * @param plan whose source is simulated.
 * @throws `usage`, `not-found` where nothing is known of the pipeline's source.
 */
export function planSimulation(plan: Plan, flags: SimulateFlags, nowMs: number): SimulationPlan {
  const simulator = SIMULATORS.find(({ name }) => name === plan.name);
  if (!simulator) {
    throw new StreamctlError('not-found', `the source of pipeline "${plan.name}" cannot be simulated`, {
      detail: `there are simulations of ${SIMULATORS.map(({ name }) => name).join(', ')}`,
      hint: 'streamctl replay FILE sends rows of your own',
    });
  }
  const speed = flags.speed === undefined ? simulator.speed : readSimulationSpeed(flags.speed);
  const startMs = readBeginning(flags.start, nowMs, () => {
    if (speed <= 1) return nowMs;
    const usualMs = simulator.beginning(nowMs);
    return usualMs + (flags.duration ?? 0) <= nowMs ? usualMs : nowMs - flags.duration!;
  });
  return {
    simulator,
    speed,
    options: {
      seed: flags.seed,
      startMs,
      perSecond: flags.rate === undefined ? simulator.perSecond : perSecondOf(flags.rate, simulator),
      disturbances: readDisturbances(flags),
    },
    endMs: flags.duration === undefined ? Number.POSITIVE_INFINITY : startMs + flags.duration,
    limit: flags.limit ?? Number.POSITIVE_INFINITY,
    topic: flags.topic ?? plan.sources[0]!.topic,
    goesOn: flags.start === undefined && startMs < nowMs && simulator.isArchive !== true,
  };
}

function perSecondOf(text: string, { name, maxPerSecond = Number.POSITIVE_INFINITY }: Simulator): number {
  const { count, windowMs } = parseRate(text);
  const perSecond = (count * 1000) / windowMs;
  if (perSecond <= maxPerSecond) return perSecond;
  throw new StreamctlError(
    'usage',
    `--rate ${text}: ${name} has at most ${maxPerSecond} rows per second of event time`,
    {
      hint: '--speed makes more of them in a second of the clock',
    },
  );
}

/** How a simulation goes on. */
export interface SimulationListener {
  /** Records that may still go out besides the limit. */
  readonly remaining: () => number;
  sent(records: readonly SimulatedRecord[], tally: SimulationTally): void;
}

/** Told what happens to the topic besides. */
export interface TopicListener extends SimulationListener {
  /** The topic was made. */
  created(topic: string): void;
  /** The simulation begins later, behind what the topic holds. */
  movedTo(startMs: number): void;
  /** The broker cannot be reached, and is tried again. */
  trouble(error: Error): void;
}

/** Plays a simulation into a sink. @throws what the sink throws. */
export async function playPlan(
  { clock, signal }: SimulationPlace,
  plan: SimulationPlan,
  sink: SimulationSink,
  listener: SimulationListener,
): Promise<{ readonly end: PlayEnd; readonly counts: SimulationCounts }> {
  const { simulator, options, speed, endMs, limit } = plan;
  const tally = new SimulationTally();
  const end = await playSimulation({
    clock,
    signal,
    simulator,
    deliveries: simulate(simulator, options),
    speed,
    startMs: options.startMs,
    endMs,
    remaining: () => Math.min(limit - tally.records, listener.remaining()),
    sink,
    tally,
    sent: (records) => listener.sent(records, tally),
  });
  return { end, counts: tally.counts() };
}

/**
 * Plays a simulation into its topic, made as the pipeline wants it where it is missing.
 * @throws `broker-unreachable`, what the producer ended with.
 */
export async function playToTopic(
  place: SimulationPlace,
  client: KafkaClient,
  plan: Plan,
  simulation: SimulationPlan,
  listener: TopicListener,
): Promise<{ readonly end: PlayEnd; readonly counts: SimulationCounts }> {
  const { topic } = simulation;
  const spec = plan.topics.find(({ name }) => name === plan.sources[0]!.topic);
  const made = await createMissingTopics(client, [
    {
      name: topic,
      partitions: spec?.partitions ?? 1,
      ...(spec && spec.replicas > 0 ? { replicas: spec.replicas } : {}),
      ...(spec ? { configs: spec.config } : {}),
    },
  ]);
  for (const name of made) listener.created(name);
  const behind = simulation.goesOn ? await behindNewest(place, client, simulation) : undefined;
  if (behind) listener.movedTo(behind.options.startMs);
  const producer = new RecordProducer(client, {
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
    ...producerProperties(client.settings),
    onTrouble: (error) => listener.trouble(error),
  });
  let isWhole = false;
  try {
    const { partitions } = await producer.prepare(topic);
    const source = `simulated-${simulation.options.seed}`;
    const played = await playPlan(
      place,
      behind ?? simulation,
      topicWriter(producer, topic, partitions.length, source),
      listener,
    );
    isWhole = true;
    return played;
  } finally {
    await producer.close(!isWhole);
  }
}

/**
 * The same, as much later as it has to be; undefined where nothing newer is in the topic. It begins by now, also where
 * somebody sent times that are still to come: nothing that is simulated is ahead of the clock.
 */
async function behindNewest(
  { clock }: SimulationPlace,
  client: KafkaClient,
  simulation: SimulationPlan,
): Promise<SimulationPlan | undefined> {
  const { options, endMs, topic, endsByNow } = simulation;
  const nowMs = clock.now();
  const newestMs = await newestTimestamp(client, topic, options.startMs, nowMs);
  if (newestMs === undefined) return undefined;
  const movedMs = endMs + newestMs - options.startMs;
  return {
    ...simulation,
    options: { ...options, startMs: newestMs },
    endMs: endsByNow ? Math.min(movedMs, nowMs) : movedMs,
  };
}
