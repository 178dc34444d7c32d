import { JsonDecoder } from '../connect/codecs/json-decoder.js';
import { compileJob } from '../engine/compile-job.js';
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

/** Makes jobs of the plan; with the state of a former run, they go on from there. */
export function jobMaker(
  { plan, parameters, maxAheadMs = MAX_AHEAD_MS, maxGroups, place }: PipelineRunOptions,
  tables: ReferenceTables,
): (state: Uint8Array | undefined) => TaskParts['job'] {
  return (state) => {
    const job = compileJob(plan, {
      tables: tables.editions(),
      maxAheadMs,
      ...(parameters === undefined ? {} : { parameters }),
      ...(maxGroups === undefined ? {} : { maxGroups }),
    });
    job.tick(place.edges.clock.now());
    if (state) job.restore(state);
    return job;
  };
}
