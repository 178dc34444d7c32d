const encoder = new TextEncoder();

/** `bytes` with a one bit, zeros and their length in bits behind them, in blocks of `block` bytes. */
function padded(bytes: Uint8Array, block: 64 | 128, littleEndian: boolean): DataView {
  const lengthBytes = block / 8;
  const size = Math.ceil((bytes.length + 1 + lengthBytes) / block) * block;
  const out = new Uint8Array(size);
  out.set(bytes);
  out[bytes.length] = 0x80;
  const view = new DataView(out.buffer);
  view.setBigUint64(size - 8, BigInt(bytes.length) * 8n, littleEndian);
  return view;
}

function hex(words: Iterable<number>): string {
  let text = '';
  for (const word of words) text += (word >>> 0).toString(16).padStart(8, '0');
  return text;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const MD5_SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));

/** MD5 of the UTF-8 of `text`, 32 hexadecimal digits. @see RFC 1321 */
export function md5(text: string): string {
  const view = padded(encoder.encode(text), 64, true);
  let [a0, b0, c0, d0] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let block = 0; block < view.byteLength; block += 64) {
    let [a, b, c, d] = [a0, b0, c0, d0];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const mixed =
        round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c) : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
      const at = round === 0 ? i : round === 1 ? (5 * i + 1) % 16 : round === 2 ? (3 * i + 5) % 16 : (7 * i) % 16;
      const sum = (a + mixed + MD5_SINES[i]! + view.getInt32(block + at * 4, true)) | 0;
      [a, d, c, b] = [d, c, b, (b + rotate(sum, MD5_SHIFTS[round * 4 + (i % 4)]!)) | 0];
    }
    [a0, b0, c0, d0] = [(a0 + a) | 0, (b0 + b) | 0, (c0 + c) | 0, (d0 + d) | 0];
  }
  const out = new DataView(new ArrayBuffer(16));
  for (const [i, word] of [a0, b0, c0, d0].entries()) out.setInt32(i * 4, word, true);
  return hex([0, 4, 8, 12].map((at) => out.getUint32(at)));
}

/** SHA-1 of the UTF-8 of `text`, 40 hexadecimal digits. @see RFC 3174 */
export function sha1(text: string): string {
  const view = padded(encoder.encode(text), 64, false);
  const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  const words = new Int32Array(80);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 80; i++) {
      words[i] =
        i < 16
          ? view.getInt32(block + i * 4)
          : rotate(words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!, 1);
    }
    let [a, b, c, d, e] = state as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const round = Math.floor(i / 20);
      const mixed = round === 0 ? (b & c) | (~b & d) : round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      const constant = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][round]!;
      const next = (rotate(a, 5) + mixed + e + constant + words[i]!) | 0;
      [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
    }
    for (const [i, word] of [a, b, c, d, e].entries()) state[i] = (state[i]! + word) | 0;
  }
  return hex(state);
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 64 bits behind the point of the root of `n`, exactly. */
function rootBits(n: number, root: 2 | 3): bigint {
  const target = BigInt(n) << BigInt(64 * root);
  let low = 0n;
  let high = 1n << 72n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(root) <= target) low = middle;
    else high = middle;
  }
  return low & 0xffff_ffff_ffff_ffffn;
}

const CUBE_ROOTS = primes(80).map((prime) => rootBits(prime, 3));
const SQUARE_ROOTS = primes(16).map((prime) => rootBits(prime, 2));
const SHA256_CONSTANTS = Int32Array.from(CUBE_ROOTS.slice(0, 64), (bits) => Number(bits >> 32n) | 0);
const SHA256_START = SQUARE_ROOTS.slice(0, 8).map((bits) => Number(bits >> 32n) | 0);
const SHA224_START = SQUARE_ROOTS.slice(8).map((bits) => Number(bits & 0xffff_ffffn) | 0);

function sha256Words(text: string, start: readonly number[]): number[] {
  const view = padded(encoder.encode(text), 64, false);
  const state = [...start];
  const words = new Int32Array(64);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) {
        words[i] = view.getInt32(block + i * 4);
        continue;
      }
      const [x, y] = [words[i - 15]!, words[i - 2]!];
      const low = rotate(x, 25) ^ rotate(x, 14) ^ (x >>> 3);
      const high = rotate(y, 15) ^ rotate(y, 13) ^ (y >>> 10);
      words[i] = words[i - 16]! + low + words[i - 7]! + high;
    }
    let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const big = rotate(e, 26) ^ rotate(e, 21) ^ rotate(e, 7);
      const one = (h + big + ((e & f) ^ (~e & g)) + SHA256_CONSTANTS[i]! + words[i]!) | 0;
      const two = ((rotate(a, 30) ^ rotate(a, 19) ^ rotate(a, 10)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i]! + word) | 0;
  }
  return state;
}

const U64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate64 = (value: bigint, by: bigint): bigint => U64((value >> by) | (value << (64n - by)));

function sha512Words(text: string, start: readonly bigint[]): bigint[] {
  const view = padded(encoder.encode(text), 128, false);
  const state = [...start];
  const words: bigint[] = [];
  for (let block = 0; block < view.byteLength; block += 128) {
    for (let i = 0; i < 80; i++) {
      if (i < 16) {
        words[i] = view.getBigUint64(block + i * 8);
        continue;
      }
      const [x, y] = [words[i - 15]!, words[i - 2]!];
      const low = rotate64(x, 1n) ^ rotate64(x, 8n) ^ (x >> 7n);
      const high = rotate64(y, 19n) ^ rotate64(y, 61n) ^ (y >> 6n);
      words[i] = U64(words[i - 16]! + low + words[i - 7]! + high);
    }
    let [a, b, c, d, e, f, g, h] = state as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
    for (let i = 0; i < 80; i++) {
      const big = rotate64(e, 14n) ^ rotate64(e, 18n) ^ rotate64(e, 41n);
      const one = U64(h + big + ((e & f) ^ (U64(~e) & g)) + CUBE_ROOTS[i]! + words[i]!);
      const two = (rotate64(a, 28n) ^ rotate64(a, 34n) ^ rotate64(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, U64(d + one), c, b, a, U64(one + two)];
    }
    for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = U64(state[i]! + word);
  }
  return state;
}

const hex64 = (words: readonly bigint[]): string => words.map((word) => word.toString(16).padStart(16, '0')).join('');

/** SHA-2 of the UTF-8 of `text` in hexadecimal digits. @see FIPS 180-4 */
export function sha2(text: string, bits: 224 | 256 | 384 | 512): string {
  switch (bits) {
    case 224:
      return hex(sha256Words(text, SHA224_START).slice(0, 7));
    case 256:
      return hex(sha256Words(text, SHA256_START));
    case 384:
      return hex64(sha512Words(text, SQUARE_ROOTS.slice(8)).slice(0, 6));
    case 512:
      return hex64(sha512Words(text, SQUARE_ROOTS.slice(0, 8)));
  }
}
