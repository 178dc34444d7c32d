import type { Value, ValueType } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { GroupStates, type Taken } from './group-states.js';

const INDEX_BITS = 12;
/** Registers of a sketch: the standard error is 1.04 / sqrt(4096), 1.6 %. */
const REGISTERS = 2 ** INDEX_BITS;
/** Largest rank: a hash of 32 zeros. */
const MAX_RANK = 33;
/** Registers in use up to which they are kept one by one. */
const MAX_SPARSE = 256;

/** MurmurHash3's last step: every bit of the input changes about half of the bits of the result. */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** MurmurHash3 (32 bits) of the UTF-16 units of a text. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) {
    let block = Math.imul(text.charCodeAt(at), 0xcc9e2d51);
    block = Math.imul((block << 15) | (block >>> 17), 0x1b873593);
    hash ^= block;
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  return mixed(hash ^ text.length);
}

/**
 * Ertl's estimate, without the bias that the first one has where registers begin to fill.
 * @param counts number of registers per rank. @param empty share of registers without a value.
 */
function cardinality(counts: Float64Array, empty: number): number {
  if (empty === 1) return 0;
  let sum = 0;
  // Ranks end with one that stands for all longer runs.
  for (let rank = MAX_RANK; rank >= 1; rank--) sum = 0.5 * (sum + counts[rank]!);
  let rest = empty;
  let weight = 1;
  for (let power = empty, before = -1; rest !== before; weight *= 2) {
    before = rest;
    power *= power;
    rest += power * weight;
  }
  return (REGISTERS * REGISTERS) / (2 * Math.LN2) / (sum + REGISTERS * rest);
}

/** What is known of the values of a group: per register the longest run of zeros seen, few ones in a map. */
interface Sketch {
  sparse: Map<number, number> | undefined;
  dense: Uint8Array | undefined;
}

/**
 * APPROX_COUNT_DISTINCT by HyperLogLog. Registers take the larger value, so merges lose nothing and no order matters. State: the
 * registers in use, 4 KB at most.
 * @see https://arxiv.org/abs/1702.01284
 */
export class DistinctSketchState extends GroupStates<Sketch> {
  constructor(type: ValueType) {
    super('APPROX_COUNT_DISTINCT', type);
  }

  protected override fresh(): Sketch {
    return { sparse: new Map(), dense: undefined };
  }

  protected override take(state: Sketch, { value }: Taken): number {
    const text = String(value);
    const register = hashOf(text, 0) >>> (32 - INDEX_BITS);
    raise(state, register, Math.clz32(hashOf(text, 0x9747b28c)) + 1);
    return 0;
  }

  protected override join(state: Sketch, other: Sketch): number {
    for (const [register, rank] of ranksOf(other)) raise(state, register, rank);
    return 0;
  }

  protected override resultOf(state: Sketch): Value {
    const ranks = [...ranksOf(state)];
    const counts = new Float64Array(MAX_RANK + 1);
    for (const [, rank] of ranks) counts[rank]! += 1;
    return Math.round(cardinality(counts, (REGISTERS - ranks.length) / REGISTERS));
  }

  protected override write(state: Sketch, writer: StateWriter): void {
    const ranks = [...ranksOf(state)];
    writer.count(ranks.length);
    for (const [register, rank] of ranks) {
      writer.count(register);
      writer.byte(rank);
    }
  }

  protected override read(state: Sketch, reader: StateReader): number {
    for (let left = reader.length(); left > 0; left--) raise(state, reader.count(), reader.byte());
    return 0;
  }

  protected override sizeOf(): number {
    return 0;
  }
}

function raise(state: Sketch, register: number, rank: number): void {
  const { sparse, dense } = state;
  if (dense) {
    if (rank > dense[register]!) dense[register] = rank;
    return;
  }
  if (rank > (sparse!.get(register) ?? 0)) sparse!.set(register, rank);
  if (sparse!.size <= MAX_SPARSE) return;
  state.dense = new Uint8Array(REGISTERS);
  for (const [at, known] of sparse!) state.dense[at] = known;
  state.sparse = undefined;
}

function* ranksOf({ sparse, dense }: Sketch): Generator<readonly [register: number, rank: number]> {
  if (sparse) yield* sparse;
  else
    for (let register = 0; register < REGISTERS; register++)
      if (dense![register] !== 0) yield [register, dense![register]!];
}
