import type { ColorDepth } from '../text/style.js';

/** A colour for every kind of terminal. */
export interface PaletteColor {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** Number among the 16 colours that every terminal has and people choose themselves. */
  readonly basic: number;
}

/** Steps of each ramp. */
export const RAMP_STEPS = 32;

/** Named colours; chosen to be readable on black as well as on white. Numbers of the palette begin at 1. */
const NAMED = {
  ink: ['#0b1020', 0],
  paper: ['#f4f6fb', 15],
  grey: ['#8a91a5', 8],
  faint: ['#5b6275', 8],
  accent: ['#38bdf8', 14],
  good: ['#34d399', 10],
  warn: ['#fbbf24', 11],
  bad: ['#f87171', 9],
  violet: ['#a78bfa', 13],
  series1: ['#38bdf8', 14],
  series2: ['#a78bfa', 13],
  series3: ['#34d399', 10],
  series4: ['#fbbf24', 11],
  series5: ['#f472b6', 5],
  series6: ['#fb923c', 3],
  series7: ['#818cf8', 12],
  series8: ['#2dd4bf', 6],
} as const satisfies Record<string, readonly [string, number]>;

/** Colours that flow into each other, from small to large. */
const RAMPS = {
  bars: [
    ['#2dd4bf', 6],
    ['#38bdf8', 14],
    ['#818cf8', 12],
    ['#c084fc', 13],
  ],
  area: [
    ['#0ea5e9', 4],
    ['#22d3ee', 6],
    ['#34d399', 10],
    ['#a3e635', 10],
  ],
  heat: [
    ['#38bdf8', 6],
    ['#fbbf24', 11],
    ['#f87171', 9],
  ],
} as const satisfies Record<string, readonly (readonly [string, number])[]>;

export type ColorName = keyof typeof NAMED;
export type RampName = keyof typeof RAMPS;

const colors: PaletteColor[] = [{ red: 0, green: 0, blue: 0, basic: -1 }];
const numbers = new Map<string, number>();
for (const [name, [hex, basic]] of Object.entries(NAMED)) numbers.set(name, colors.push(parseHex(hex, basic)) - 1);
for (const [name, stops] of Object.entries(RAMPS)) {
  numbers.set(name, colors.length);
  for (let step = 0; step < RAMP_STEPS; step++) colors.push(between(stops, step / (RAMP_STEPS - 1)));
}

function parseHex(hex: string, basic: number): PaletteColor {
  const value = Number.parseInt(hex.slice(1), 16);
  return { red: value >> 16, green: (value >> 8) & 255, blue: value & 255, basic };
}

function between(stops: readonly (readonly [string, number])[], share: number): PaletteColor {
  const at = share * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(at));
  const rest = at - low;
  const from = parseHex(...stops[low]!);
  const to = parseHex(...stops[low + 1]!);
  const mix = (a: number, b: number): number => Math.round(a + (b - a) * rest);
  return {
    red: mix(from.red, to.red),
    green: mix(from.green, to.green),
    blue: mix(from.blue, to.blue),
    basic: rest < 0.5 ? from.basic : to.basic,
  };
}

/** Palette number of a named colour. */
export function colorNumber(name: ColorName): number {
  return numbers.get(name)!;
}

/** Palette number of a place on a ramp. @param share 0 for the beginning, 1 for the end. */
export function rampNumber(name: RampName, share: number): number {
  const bounded = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  return numbers.get(name)! + Math.round(bounded * (RAMP_STEPS - 1));
}

/** `#rrggbb` of a palette number, undefined for the terminal's own colour. */
export function hexOf(number: number): string | undefined {
  const color = colors[number];
  if (number === 0 || !color) return undefined;
  return `#${[color.red, color.green, color.blue].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** SGR parameters that choose a palette number; undefined where nothing is to be written. @see ISO 8613-6 */
export function colorParameters(number: number, depth: ColorDepth, background: boolean): string | undefined {
  const color = colors[number];
  if (number === 0 || !color || depth === 0) return undefined;
  const lead = background ? 48 : 38;
  if (depth === 24) return `${lead};2;${color.red};${color.green};${color.blue}`;
  if (depth === 8) return `${lead};5;${cubeNumber(color)}`;
  const bright = color.basic >= 8;
  return String((bright ? 90 + color.basic - 8 : 30 + color.basic) + (background ? 10 : 0));
}

const CUBE = [0, 95, 135, 175, 215, 255];

/** The nearest of the 6x6x6 cube and the grey ramp of 256-colour terminals. */
function cubeNumber({ red, green, blue }: PaletteColor): number {
  const nearest = (value: number): number =>
    CUBE.reduce((best, level, at) => (Math.abs(level - value) < Math.abs(CUBE[best]! - value) ? at : best), 0);
  const [r, g, b] = [nearest(red), nearest(green), nearest(blue)];
  const grey = Math.min(23, Math.max(0, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const distance = (x: number, y: number, z: number): number => (x - red) ** 2 + (y - green) ** 2 + (z - blue) ** 2;
  const level = 8 + 10 * grey;
  const cube = distance(CUBE[r]!, CUBE[g]!, CUBE[b]!);
  return distance(level, level, level) < cube ? 232 + grey : 16 + 36 * r + 6 * g + b;
}
