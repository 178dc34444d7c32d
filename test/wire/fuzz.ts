import { concatBytes } from '../../src/base/bytes.js';
import { StreamctlError } from '../../src/base/errors.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import type { Api } from '../../src/wire/api.js';
import { apis } from '../../src/wire/apis/index.js';
import {
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../src/wire/frame.js';
import { FrameSplitter } from '../../src/wire/frame-splitter.js';
import { isControl, readBatches, readCompleteBatches } from '../../src/wire/record-batch.js';
import { encodeHeaders, RecordBatchBuilder } from '../../src/wire/record-batch-builder.js';
import { controlTypeOf, RecordCursor } from '../../src/wire/record-cursor.js';
import { randomMessage } from './random-message.js';

/** Lengths and counts that overflow, underflow or ask for gigabytes. */
const POISON = [
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xfe],
  [0x7f, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x00, 0x10, 0x00, 0x00],
].map((bytes) => Uint8Array.from(bytes));

const KNOWN_CODES: readonly string[] = ['malformed-frame', 'unsupported-version'];

interface Sample {
  readonly frame: Uint8Array;
  readonly decode: (frame: Uint8Array) => unknown;
}

/**
 * Decodes `runs` damaged frames: requests and responses of every API and version, and record batches.
 * @throws when one fails other than by a named error, or gives more than its bytes can pay for.
 */
export function fuzz(runs: number, seed: number): { decoded: number; refused: number } {
  const random = seededRandom(seed);
  const samples = [...apis.flatMap((api) => apiSamples(api, random)), ...batchSamples(random)];
  let refused = 0;
  for (let run = 0; run < runs; run++) {
    const sample = samples[run % samples.length]!;
    const other = samples[random.below(samples.length)]!;
    const frame = mutate(sample.frame, other.frame, random);
    if (!survives(sample.decode, frame, `seed ${seed} run ${run}`)) refused++;
  }
  return { decoded: runs - refused, refused };
}

function survives(decode: Sample['decode'], frame: Uint8Array, where: string): boolean {
  try {
    const nodes = countNodes(decode(frame));
    // A frame's own structure is worth a few nodes; beyond it every node must have been paid for by a byte.
    if (nodes > frame.length + 200) throw new Error(`${where}: ${nodes} values from ${frame.length} bytes`);
    return true;
  } catch (error) {
    if (error instanceof StreamctlError && KNOWN_CODES.includes(error.code)) return false;
    throw new Error(`${where}: ${Buffer.from(frame).toString('hex')}`, { cause: error });
  }
}

/** Array elements and bytes in a decoded value. */
function countNodes(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  if (!Array.isArray(value)) return Object.values(value).reduce((sum: number, inner) => sum + countNodes(inner), 0);
  return value.reduce((sum: number, inner) => sum + countNodes(inner), value.length);
}

function apiSamples(api: Api, random: Random): Sample[] {
  const samples: Sample[] = [];
  for (let version = api.versions.min; version <= api.versions.max; version++) {
    const request = randomMessage(api.request, version, random);
    const response = randomMessage(api.response, version, random);
    samples.push({
      frame: concatBytes(encodeRequest(api, version, 1, 'fuzz', request as never)).subarray(4),
      decode: (frame) => {
        const header = decodeRequestHeader(frame);
        const asked = apis.find((candidate) => candidate.key === header.apiKey) ?? api;
        return decodeRequest(asked, header);
      },
    });
    samples.push({
      frame: concatBytes(encodeResponse(api, version, 1, response as never)).subarray(4),
      decode: (frame) => decodeResponse(api, version, frame).body,
    });
  }
  return samples;
}

function batchSamples(random: Random): Sample[] {
  return Array.from({ length: 40 }, (_, index) => {
    const builder = new RecordBatchBuilder();
    for (let i = 0; i <= index % 5; i++) {
      const bytes = Uint8Array.from({ length: random.below(60) }, () => random.below(256));
      const headers = encodeHeaders(
        index % 2 === 0
          ? []
          : [
              { key: 'h', value: bytes },
              { key: '', value: null },
            ],
      );
      builder.append(1_700_000_000_000 + random.below(2 ** 31), index % 3 === 0 ? null : bytes, bytes, headers);
    }
    const frame = builder.finish({ control: index % 7 === 0, transactional: index % 4 === 0 });
    return { frame: index % 2 === 0 ? frame : concatBytes([frame, frame]), decode: index % 4 < 2 ? walk : split };
  });
}

function walk(records: Uint8Array): unknown {
  const found: unknown[] = [];
  const cursor = new RecordCursor();
  for (const header of readBatches(records)) {
    cursor.open(header, records.subarray(header.start + 61, header.end));
    while (cursor.next()) {
      found.push(
        cursor.key(),
        cursor.value(),
        cursor.headers().map((one) => one.value),
      );
      if (isControl(header) && cursor.keyStart >= 0) controlTypeOf(cursor);
    }
  }
  return found;
}

function split(bytes: Uint8Array): unknown {
  const cut = bytes.length >> 1;
  const splitter = new FrameSplitter(1_000_000);
  readCompleteBatches(bytes);
  return [...splitter.push(bytes.subarray(0, cut)), ...splitter.push(bytes.subarray(cut))];
}

function mutate(frame: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes = Uint8Array.from(frame);
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.below(bytes.length + 1);
    switch (random.below(6)) {
      case 0:
        bytes = bytes.slice(0, at);
        break;
      case 1: {
        const poison = POISON[random.below(POISON.length)]!;
        bytes.set(poison.subarray(0, Math.max(0, bytes.length - at)), at);
        break;
      }
      case 2:
        bytes = Uint8Array.from([
          ...bytes.subarray(0, at),
          ...POISON[random.below(POISON.length)]!,
          ...bytes.subarray(at),
        ]);
        break;
      case 3:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...other.subarray(random.below(other.length + 1))]);
        break;
      default:
        if (at < bytes.length)
          bytes[at] = random.below(4) === 0 ? random.below(256) : bytes[at]! ^ (1 << random.below(8));
    }
  }
  return bytes;
}
