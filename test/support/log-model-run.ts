import { StreamctlError } from '../../src/base/errors.js';
import { check, learnFates } from './log-model-check.js';
import { pick, step, TIMEOUT_MS, World } from './log-model-world.js';
import { oneIn, restartIds, startSimBroker } from './sim-broker.js';
import { SimClock, settle } from './sim-clock.js';

/** How a life ends. */
type Ending = 'power-loss' | 'fail' | 'kill' | 'close';

/** Runs a broker through several lives and compares what its logs hold with what was sent. */
export async function runLogModel(seed: number): Promise<void> {
  const world = new World(seed);
  try {
    await runLives(world);
  } catch (error) {
    throw new Error(`seed ${seed}, ${world.policy}, ${world.endings.join(', ')}: ${error}`, { cause: error });
  }
}

async function runLives(world: World): Promise<void> {
  restartIds();
  const { random } = world;
  for (let life = 0; life < 4; life++) {
    const ending = pick<Ending>(random, ['power-loss', 'power-loss', 'fail', 'kill', 'close'])!;
    const faulty = ending === 'power-loss' || ending === 'fail';
    if (faulty) world.files.faultAt(world.files.calls + (oneIn(random, 5) ? 0 : 60) + random.below(400), ending);
    world.endings.push(ending);
    await live(world, ending);
    const weak = ending === 'power-loss' && world.policy !== 'always';
    world.files = ending === 'power-loss' ? world.files.afterPowerLoss(random) : world.files.afterKill();
    rest(world);
    if (weak) await afterLoss(world);
  }
  await finish(world);
}

/** A new life: connections are gone, time goes on. */
function rest(world: World): void {
  world.life++;
  world.clock = new SimClock(world.clock.now());
  for (const producer of world.producers) {
    producer.busy = false;
    if (producer.name === undefined) continue;
    for (const attempt of producer.inTransaction) attempt.fate = 'aborted';
    producer.inTransaction = [];
    producer.id = -1;
  }
}

async function start(world: World, repair = false): Promise<void> {
  world.running = await startSimBroker(world.files, { policy: world.policy, repair }, world.clock);
}

async function live(world: World, ending: Ending): Promise<void> {
  let failed = false;
  try {
    await start(world);
    learnFates(world, false);
    check(world);
    void world.running.failed.then(() => {
      failed = true;
    });
    for (let at = 0; at < 120 && !failed; at++) {
      await step(world);
      if (world.failures.length > 0) throw world.failures[0];
      if (oneIn(world.random, 30)) check(world);
    }
    if (ending === 'close') await close(world);
  } catch (error) {
    if (!world.files.struck || !(error instanceof StreamctlError) || error.code !== 'disk-failed') throw error;
  }
  await settle();
  if (world.failures.length > 0) throw world.failures[0];
}

/** Closes while compaction may be under way: time has to go on meanwhile. */
async function close(world: World): Promise<void> {
  let closed = false;
  const closing = world.running.close().finally(() => {
    closed = true;
  });
  for (let turn = 0; turn < 1_000 && !closed; turn++) {
    world.clock.jump(0);
    await settle();
  }
  if (!closed) throw new Error('closing does not end');
  await closing;
}

/** Without fsync a power loss may take anything, but never give wrong records: what is there is taken as it is. */
async function afterLoss(world: World): Promise<void> {
  try {
    await start(world);
  } catch (error) {
    if (!(error instanceof StreamctlError) || error.code !== 'log-corrupt') throw error;
    await start(world, true);
  }
  for (const attempt of world.attempts.values()) delete attempt.offset;
  world.trimmed.clear();
  learnFates(world, true);
  for (const [id, { offset }] of world.attempts) if (offset === undefined) world.attempts.delete(id);
  for (const producer of world.producers) {
    producer.id = -1;
    producer.sequences.clear();
    producer.pending.clear();
  }
  check(world);
  world.files = world.files.afterKill();
  rest(world);
}

/** Left in peace every transaction ends, every log is cleaned, and nothing changes by that or by a restart. */
async function finish(world: World): Promise<void> {
  world.files.faultAt(-1, 'fail');
  await start(world);
  learnFates(world, false);
  check(world);
  for (let at = 0; at < 40; at++) await step(world);
  for (let round = 0; round < 3; round++) await world.clock.advance(TIMEOUT_MS);
  if (world.failures.length > 0) throw world.failures[0];
  check(world);
  for (const { partitions, name } of world.topics) {
    const { lastStable, highWatermark, logEnd } = partitions[0]!;
    if (lastStable !== highWatermark || lastStable !== logEnd)
      throw new Error(`${name}: ${lastStable} is stable, of ${highWatermark} and ${logEnd}`);
  }
  if (oneIn(world.random, 2)) await close(world);
  world.files = world.files.afterKill();
  rest(world);
  await start(world);
  check(world);
  await close(world);
}
