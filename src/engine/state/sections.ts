import { utf8 } from '../../base/bytes.js';
import { StreamctlError } from '../../base/errors.js';
import type { PlanShape } from '../plan-shape.js';
import { StateReader } from './state-reader.js';
import { StateWriter } from './state-writer.js';

/** First byte of a snapshot: its layout. */
const SNAPSHOT_VERSION = 3;

/** State of the sources and steps of a job, by what they are called. */
export type Sections = ReadonlyMap<string, Uint8Array>;

/** Room for the length of a section. */
const LENGTH_BYTES = 16;

/** A snapshot: the plan's shape and each part of the state for itself, so that jobs can take what is theirs. */
export function writeSections(shape: PlanShape, sections: Sections): Uint8Array {
  const head = writeHead(shape, sections.size);
  let room = head.length;
  for (const [name, bytes] of sections) room += utf8(name).length + bytes.length + 2 * LENGTH_BYTES;
  // Large states are put together in one array of the right size, without being copied as they grow.
  const writer = new StateWriter(room);
  writer.raw(head);
  for (const [name, bytes] of sections) {
    writer.text(name);
    writer.bytes(bytes);
  }
  return writer.view();
}

function writeHead(shape: PlanShape, sectionCount: number): Uint8Array {
  const writer = new StateWriter();
  writer.byte(SNAPSHOT_VERSION);
  writer.count(shape.size);
  for (const [part, text] of shape) {
    writer.text(part);
    writer.text(text);
  }
  writer.count(sectionCount);
  return writer.finish();
}

/** Reads what {@link writeSections} wrote. @throws `bad-plan` for another version, `bad-data` for damage */
export function readSections(snapshot: Uint8Array): { readonly shape: PlanShape; readonly sections: Sections } {
  const reader = new StateReader(snapshot);
  if (reader.byte() !== SNAPSHOT_VERSION) {
    throw new StreamctlError('bad-plan', 'the saved state is of another version of streamctl', {
      hint: 'start without it: --reset-state',
    });
  }
  const shape = new Map<string, string>();
  for (let left = reader.length(); left > 0; left--) shape.set(reader.text(), reader.text());
  const sections = new Map<string, Uint8Array>();
  for (let left = reader.length(); left > 0; left--) sections.set(reader.text(), reader.bytes());
  if (!reader.done)
    throw new StreamctlError('bad-data', 'the saved state is damaged', { hint: 'start without it: --reset-state' });
  return { shape, sections };
}
