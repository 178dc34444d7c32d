import { utf8 } from '../base/bytes.js';
import { crc32c } from '../base/crc32c.js';
import { JsonDecoder } from '../connect/codecs/json-decoder.js';
import type { JobPhase } from '../engine/build-graph.js';
import { compileJob, compilePhase } from '../engine/compile-job.js';
import type { FirstPhaseJob, Job, SecondPhaseJob } from '../engine/job.js';
import { neededColumns } from '../plan/needed-columns.js';
import { MAX_AHEAD_MS, type PipelineRunOptions } from './interfaces.js';
import type { ReferenceTables } from './reference-tables.js';
import type { TaskParts } from './task.js';

/** The plan's sources, each with a codec that decodes only what the plan reads. */
export function loopSources({ plan, place, idleAfterMs }: PipelineRunOptions): TaskParts['sources'] {
  return plan.sources.map((source) => ({
    name: source.name,
    topic: source.topic,
    codec: new JsonDecoder(neededColumns(plan, source.name), place.edges.compression),
    idleTimeoutMs: idleAfterMs ?? source.idleTimeoutMs,
  }));
}

/** A text that is equal for equal plans with equal parameters: workers that share the work compare it. */
export function fingerprintOf({ plan, parameters = {} }: PipelineRunOptions): string {
  const { sources, tables, nodes, sinks } = plan;
  const said = JSON.stringify({ sources, tables, nodes, sinks, parameters }, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return crc32c(utf8(said)).toString(16);
}

/** Makes jobs of a plan, with the tables as they are now. */
export interface JobMaker {
  /** All of it. @param states of a former run, which it goes on from: one, or those of all shares. */
  whole(states: readonly Uint8Array[]): Job;
  /** One phase of it. */
  phase(phase: JobPhase): FirstPhaseJob & SecondPhaseJob;
}

/** See {@link JobMaker}. */
export function jobMaker(
  { plan, parameters, maxAheadMs = MAX_AHEAD_MS, maxGroups, place }: PipelineRunOptions,
  tables: ReferenceTables,
): JobMaker {
  const settings = (): Parameters<typeof compileJob>[1] => ({
    tables: tables.editions(),
    maxAheadMs,
    ...(parameters === undefined ? {} : { parameters }),
    ...(maxGroups === undefined ? {} : { maxGroups }),
  });
  return {
    whole(states) {
      const job = compileJob(plan, settings());
      job.tick(place.edges.clock.now());
      if (states.length > 0) job.restore(...states);
      return job;
    },
    phase(phase) {
      const job = compilePhase(plan, settings() ?? {}, phase);
      job.tick(place.edges.clock.now());
      return job;
    },
  };
}
