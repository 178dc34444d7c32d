import type { Plan } from '../../../plan/plan.js';
import { withClient } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';
import { flagsWithout } from './feed-context.js';
import type { FeedWishes } from './feed-wishes.js';
import { SIMULATE_FLAGS } from './simulate-flags.js';
import { openingText } from './simulate-progress.js';
import { planSimulation, playToTopic, type SimulationPlan } from './simulation.js';

/**
 * Sends what a simulation gives to the source of a pipeline: on and on, or a sample of it at once.
 * @param plan the built-in pipeline of that source.
 * @throws `usage`
 */
export function simulatedSender(context: Context, plan: Plan, { speed, atOnce }: FeedWishes) {
  const flags = { ...flagsWithout(SIMULATE_FLAGS), speed: atOnce ? 'max' : speed };
  const whole = planSimulation(plan, flags, context.clock.now());
  const { simulator, options } = whole;
  const simulation: SimulationPlan = atOnce
    ? { ...whole, endMs: options.startMs + simulator.sampleMs, endsByNow: true }
    : whole;
  context.note(context.say('{1} gets a simulation of {2}', simulation.topic, openingText(simulation)));
  return async (place: Context): Promise<void> => {
    await withClient(place, (client) =>
      playToTopic(place, client, plan, simulation, {
        remaining: () => Number.POSITIVE_INFINITY,
        sent: () => undefined,
        created: () => undefined,
        movedTo: () => undefined,
        trouble: ({ message }) => place.warn(`${message}; trying again`),
      }),
    );
  };
}
