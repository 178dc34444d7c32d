import type { Random } from '../../../base/random.js';
import { clamp, decimals, hourOf, normal } from './dice.js';
import type { Anomaly, Scene, SimulatedRow, Simulator } from './interfaces.js';

/** The stations of the table of stations that comes with the pipeline. */
const CODES = [
  '16107 32017 2475 3212 3949 4686 5423 6160 6897 7634 8371 9108 9845 10582 11319 12056 12793 13530 14267 15004',
  '15741 16478 17215',
].flatMap((line) => line.split(' '));

/** A station reports so often. */
const REPORT_MS = 60_000;
/** Beyond, stations report more often. */
const MAX_STATIONS = 20_000;
const DAY_MS = 86_400_000;

/** Where people live, where they work, where they go out. */
const KINDS = [
  { name: 'home', peak: 4, swing: 0.35 },
  { name: 'work', peak: 14, swing: 0.38 },
  { name: 'mixed', peak: 20, swing: 0.15 },
] as const;

const anomalies: readonly Anomaly[] = [
  { name: 'station code missing', spoil: (fields) => ({ ...fields, stationCode: null }) },
  { name: 'negative bikes', spoil: (fields) => ({ ...fields, num_bikes_available: -1 }) },
  { name: 'bikes missing', spoil: (fields) => ({ ...fields, num_bikes_available: null }) },
  {
    name: 'bare NaN',
    spoil: (fields) => JSON.stringify({ ...fields, lat: null }).replace('"lat":null', '"lat":NaN'),
  },
  // The whole list in one message, as a careless producer sends it.
  { name: 'whole list', spoil: (fields) => JSON.stringify([fields, fields]) },
];

interface Station {
  readonly code: string;
  readonly id: number;
  readonly lat: number;
  readonly lon: number;
  readonly capacity: number;
  readonly kind: (typeof KINDS)[number];
  bikes: number;
  /** Share of electric bikes, which drifts. */
  electric: number;
}

/** Stations of Vélib': full at home by night, full at work by day, each reporting about once a minute. */
export const velib: Simulator = {
  name: 'velib',
  perSecond: CODES.length / (REPORT_MS / 1000),
  speed: 60,
  sampleMs: 3_600_000,
  beginning: (nowMs) => nowMs - DAY_MS,
  anomalies,
  *rows({ random, startMs, perSecond }: Scene): Generator<SimulatedRow, never> {
    const count = Math.min(MAX_STATIONS, Math.max(CODES.length, Math.ceil((perSecond * REPORT_MS) / 1000)));
    const roundMs = (count / perSecond) * 1000;
    const stations = Array.from({ length: count }, (_, at) => open(at, startMs, random));
    for (let round = 0; ; round++) {
      const turns = stations.map((station) => ({
        station,
        atMs: startMs + Math.floor((round + random.next()) * roundMs),
      }));
      turns.sort((a, b) => a.atMs - b.atMs || a.station.id - b.station.id);
      for (const { station, atMs } of turns) {
        const eventMs = Math.floor(atMs / 1000) * 1000;
        ride(station, eventMs, roundMs, random);
        yield report(station, eventMs);
      }
    }
  },
};

function open(at: number, startMs: number, random: Random): Station {
  const kind = KINDS[at % KINDS.length]!;
  const capacity = 15 + random.below(46);
  const full = wantedShare(kind, startMs);
  return {
    // Beyond the known ones they are new, and in no table yet.
    code: CODES[at] ?? String(50_000 + at),
    id: 213_688_169 + at * 737,
    lat: decimals(48.82 + random.next() * 0.08, 6),
    lon: decimals(2.25 + random.next() * 0.17, 6),
    capacity,
    kind,
    bikes: clamp(Math.round(normal(random, full * capacity, 3)), 0, capacity),
    electric: 0.25 + random.next() * 0.25,
  };
}

/** How full people make a station at a time of the day; weekends are lazy. */
function wantedShare({ peak, swing }: Station['kind'], atMs: number): number {
  const weekday = Math.floor(atMs / DAY_MS + 4) % 7;
  const effort = weekday === 0 || weekday === 6 ? 0.4 : 1;
  return 0.45 + swing * effort * Math.cos(((hourOf(atMs) - peak) / 24) * 2 * Math.PI);
}

/** Rides begin and end: bikes drift to where people want them. */
function ride(station: Station, atMs: number, sinceMs: number, random: Random): void {
  const minutes = sinceMs / 60_000;
  const gap = wantedShare(station.kind, atMs) * station.capacity - station.bikes;
  const change = gap * (1 - 0.97 ** minutes) + normal(random, 0, 0.9 * Math.sqrt(minutes));
  station.bikes = clamp(station.bikes + Math.round(change), 0, station.capacity);
  station.electric = clamp(station.electric + normal(random, 0, 0.01), 0.1, 0.7);
}

function report(station: Station, eventMs: number): SimulatedRow {
  const { code, bikes, capacity } = station;
  const ebike = Math.round(bikes * station.electric);
  const fields = {
    stationCode: code,
    station_id: station.id,
    num_bikes_available: bikes,
    mechanical: bikes - ebike,
    ebike,
    num_docks_available: capacity - bikes,
    is_installed: 1,
    is_renting: 1,
    is_returning: 1,
    last_reported: eventMs / 1000,
    name: `Station ${code}`,
    lat: station.lat,
    lon: station.lon,
    capacity,
    city: null,
  };
  return { eventMs, key: code, subject: code, fields };
}
