import { StreamctlError } from '../../../base/errors.js';
import type { KafkaClient } from '../../../connect/kafka/client.js';
import { createMissingTopics } from '../../../connect/kafka/create-topics.js';
import { KafkaFailure } from '../../../connect/kafka/kafka-failure.js';
import { producerProperties } from '../../../connect/kafka/option-properties.js';
import { CassetteFile } from '../../../connect/sources/poll/cassette.js';
import { cassettePoll } from '../../../connect/sources/poll/cassette-poll.js';
import { ChangeTracker } from '../../../connect/sources/poll/change-tracker.js';
import type { PollReport } from '../../../connect/sources/poll/interfaces.js';
import { livePoll } from '../../../connect/sources/poll/live-poll.js';
import { PollMachine } from '../../../connect/sources/poll/poll-machine.js';
import type { PollSink } from '../../../connect/sources/poll/poll-record.js';
import {
  isWorthSaving,
  loadPoll,
  restoreEntries,
  type SavedFor,
  savePoll,
} from '../../../connect/sources/poll/poll-state.js';
import { headerOf, redactExchange } from '../../../connect/sources/poll/recording.js';
import { type PollSummary, runPoll } from '../../../connect/sources/poll/run-poll.js';
import { TopicSink } from '../../../connect/sources/poll/topic-sink.js';
import { Validators } from '../../../connect/sources/poll/validators.js';
import type { Context } from '../frame/context.js';
import { type PollFlags, readCassetteSpeed } from './poll-flags.js';
import { outputSink, pollListener } from './poll-output.js';
import { type PollPlan, shortDigest } from './poll-plan.js';
import { tellingSink } from './telling-sink.js';

/** What says that a successor took over. */
const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING']);

/** One run of `poll`, from its plan to its end. */
export class PollSession {
  readonly #context: Context;
  readonly #plan: PollPlan;
  readonly #flags: PollFlags;
  readonly #tracker: ChangeTracker;
  readonly #machine: PollMachine;
  readonly #redact: (text: string) => string;
  #hasWarned = false;

  constructor(context: Context, plan: PollPlan, flags: PollFlags) {
    this.#context = context;
    this.#plan = plan;
    this.#flags = flags;
    this.#redact = (text) => context.secrets.redact(text);
    const digest = shortDigest(context);
    this.#tracker = new ChangeTracker(plan.definition.rules, { mode: plan.dedup, digest });
    this.#machine = new PollMachine(plan.definition, plan.policy, context.random, new Validators(digest), this.#redact);
  }

  /** Polls to standard output: nothing is known of former runs, nothing is kept. */
  async toOutput(): Promise<PollSummary> {
    return this.#run(outputSink(this.#context), () => undefined);
  }

  /** Polls to the plan's topic. @throws `conflict` when another poll takes over. */
  async toTopic(client: KafkaClient): Promise<PollSummary> {
    const { topic, pollId, runId, definition } = this.#plan;
    await this.#makeTopic(client);
    const producer = {
      ...producerProperties(client.settings),
      ...(this.#flags.compression ? { compression: this.#flags.compression } : {}),
    };
    const sink = await TopicSink.open(client, { topic: topic.name, pollId, runId, producer });
    const wanted: SavedFor = { pollId, topic: topic.name, topicId: sink.topicId, fingerprint: definition.fingerprint };
    const path = `${this.#context.stateFolder}/polls/${runId}.json`;
    try {
      await this.#restore(sink, path, wanted);
      const save = (): void => this.#save(sink, path, wanted);
      const telling = tellingSink(sink, this.#context.clock, (text) => this.#context.warn(text));
      const summary = await this.#run(telling, (isComplete) => {
        if (!isComplete) this.#machine.validators.clear();
        if (isWorthSaving(this.#tracker)) save();
      });
      if (!summary.isComplete) this.#machine.validators.clear();
      save();
      return summary;
    } catch (error) {
      throw error instanceof KafkaFailure && FENCED.has(error.kafkaName) ? takenOver(pollId, topic.name, error) : error;
    } finally {
      await sink.close();
    }
  }

  async #makeTopic(client: KafkaClient): Promise<void> {
    const { name, partitions, replicas } = this.#plan.topic;
    const made = await createMissingTopics(client, [{ name, partitions, ...(replicas > 0 ? { replicas } : {}) }]);
    if (made.length > 0) this.#context.note(this.#context.say('topic {1} was created', name));
  }

  async #restore(sink: TopicSink, path: string, wanted: SavedFor): Promise<void> {
    const { files, clock } = this.#context;
    const saved = loadPoll(files, path, wanted);
    if (saved) {
      restoreEntries(saved, this.#tracker);
      this.#machine.validators.restore(saved.validators);
      this.#machine.restoreHolds(saved.holds, clock.now());
    }
    if (this.#plan.dedup === 'none') return;
    const found = await sink.restore(saved?.offsets ?? [], (item) => this.#tracker.restore(item));
    this.#context.debug(`${this.#tracker.size} things are known, ${found} records were read for it`);
  }

  #save(sink: TopicSink, path: string, wanted: SavedFor): void {
    const { files, clock, stateFolder } = this.#context;
    try {
      files.makeFolder(`${stateFolder}/polls`);
      const offsets = sink.positions().map((offset) => offset ?? 0);
      const validators = this.#machine.validators.save(this.#plan.definition.feeds);
      savePoll(files, path, { ...wanted, offsets, validators, holds: this.#machine.holds(clock.now()) }, this.#tracker);
    } catch (error) {
      // All of it can be found again in the topic: a full disk is no reason to stop.
      if (!this.#hasWarned) this.#context.warn(`the state is not kept: ${(error as Error).message}`);
      this.#hasWarned = true;
    }
  }

  async #run(sink: PollSink, afterRound: (isComplete: boolean) => void): Promise<PollSummary> {
    const { definition, policy, offlineHint, cassette } = this.#plan;
    const listener = pollListener(this.#context, definition.name, cassette !== undefined);
    const summary = await runPoll({
      name: definition.name,
      reports: await this.#reports(),
      tracker: this.#tracker,
      sink,
      redact: this.#redact,
      listener,
      remaining: () => this.#context.stream.remaining,
      isOnce: policy.schedule.kind === 'once' && cassette === undefined,
      offlineHint,
      afterRound,
    });
    if (cassette && !this.#context.signal.aborted) this.#context.stream.eof();
    return summary;
  }

  async #reports(): Promise<AsyncIterable<PollReport>> {
    const { clock, http, signal, files, compression } = this.#context;
    const { definition, policy, cassette, source, parameters, reading } = this.#plan;
    if (cassette) {
      if (cassette.tornBytes > 0) this.#context.warn('the last exchange of the cassette is cut off');
      const speed = readCassetteSpeed(this.#flags.speed);
      const maxGapMs = this.#flags.maxGap ?? Number.POSITIVE_INFINITY;
      return cassettePoll(definition, cassette, { clock, signal, speed, maxGapMs });
    }
    if (this.#flags.mode !== 'record') return livePoll(this.#machine, { clock, http, policy, signal });
    const path = this.#context.resolvePath(this.#flags.cassette!);
    const header = headerOf(definition, source, parameters, this.#redact, reading);
    const file = await CassetteFile.open(files, path, compression, header);
    return livePoll(this.#machine, {
      clock,
      http,
      policy,
      signal,
      record: (exchange, meaning) => file.add(redactExchange(exchange, meaning, this.#redact)),
    });
  }
}

function takenOver(pollId: string, topic: string, cause: Error): StreamctlError {
  return new StreamctlError('conflict', `another poll of ${pollId} writes to topic "${topic}" now`, {
    detail: 'this one was stopped by it, so that nothing is written twice',
    hint: 'give each its own --id, or stop the other one',
    cause,
  });
}
