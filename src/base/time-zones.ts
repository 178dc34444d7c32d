/** Bound of the zones that are remembered. */
const MAX_ZONES = 100;
/** Bound of the offsets that are remembered of each zone. */
const MAX_SLOTS = 10_000;
/** The range of dates. */
const MAX_TIME_MS = 8.64e15;
const SLOT_MS = 900_000;
/** Since then every zone has changed its offset on a quarter of an hour only. */
const QUARTERS_SINCE_MS = Date.UTC(1973, 0, 1);
const FIXED = /^(?:UTC|GMT|Z)?(?:([+-])(\d{1,2})(?::?(\d{2}))?)?$/;

class Zone {
  readonly #formatter: Intl.DateTimeFormat;
  readonly #slots = new Map<number, number>();

  constructor(formatter: Intl.DateTimeFormat) {
    this.#formatter = formatter;
  }

  offsetAt(ms: number): number {
    if (ms < QUARTERS_SINCE_MS) return this.#read(ms);
    const slot = Math.floor(ms / SLOT_MS);
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const offset = this.#read(slot * SLOT_MS);
    if (this.#slots.size >= MAX_SLOTS) this.#slots.clear();
    this.#slots.set(slot, offset);
    return offset;
  }

  #read(ms: number): number {
    const parts = this.#formatter.formatToParts(Math.max(-MAX_TIME_MS, Math.min(MAX_TIME_MS, ms)));
    const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const found = /([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(text);
    if (!found) return 0;
    const size = (Number(found[2]) * 60 + Number(found[3])) * 60 + Number(found[4] ?? 0);
    return (found[1] === '-' ? -size : size) * 1000;
  }
}

const zones = new Map<string, Zone | number | undefined>();

function open(name: string): Zone | number | undefined {
  const fixed = FIXED.exec(name);
  if (fixed && name !== '') {
    const minutes = Number(fixed[2] ?? 0) * 60 + Number(fixed[3] ?? 0);
    return minutes > 18 * 60 ? undefined : (fixed[1] === '-' ? -minutes : minutes) * 60_000;
  }
  try {
    return new Zone(new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' }));
  } catch {
    return undefined;
  }
}

function find(name: string): Zone | number | undefined {
  if (zones.has(name)) return zones.get(name);
  if (zones.size >= MAX_ZONES) zones.clear();
  const zone = open(name);
  zones.set(name, zone);
  return zone;
}

/** Whether `name` is a zone: `Europe/Paris`, `UTC`, `+02:00`, `GMT-08:30`. */
export function isTimeZone(name: string): boolean {
  return find(name) !== undefined;
}

/**
 * How far the clocks of a zone are ahead of UTC.
 * @param ms epoch ms.
 * @returns milliseconds; undefined where there is no such zone.
 */
export function zoneOffsetMs(name: string, ms: number): number | undefined {
  const zone = find(name);
  return typeof zone === 'object' ? zone.offsetAt(ms) : zone;
}

/**
 * Epoch ms of what a clock of the zone shows. Of two that it shows twice the earlier one; one that the clocks jump over is
 * taken by the offset before the jump, as Java does.
 * @param clockMs the time on the clock, as epoch ms of the same time in UTC.
 * @returns undefined where there is no such zone.
 */
export function zonedTimeMs(name: string, clockMs: number): number | undefined {
  const zone = find(name);
  if (typeof zone !== 'object') return zone === undefined ? undefined : clockMs - zone;
  const day = 86_400_000;
  const before = zone.offsetAt(clockMs - day);
  const after = zone.offsetAt(clockMs + day);
  // The earlier of the times that fit; in a gap none does.
  for (const offset of [Math.max(before, after), Math.min(before, after)]) {
    if (zone.offsetAt(clockMs - offset) === offset) return clockMs - offset;
  }
  return clockMs - before;
}
