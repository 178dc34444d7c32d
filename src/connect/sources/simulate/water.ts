import type { Random } from '../../../base/random.js';
import { clamp, exponential, normal, pick, seasonOf } from './dice.js';
import type { Anomaly, Fields, Scene, SimulatedRow, Simulator } from './interfaces.js';

interface Site {
  readonly id: string;
  readonly program: string;
  readonly body: 'Lake' | 'Stream';
  /** In 1990; acid waters recover slowly. */
  readonly ph: number;
}

function sites(program: string, body: Site['body'], ph: number, ids: readonly string[]): readonly Site[] {
  return ids.map((id, at) => ({ id, program, body, ph: ph + (at % 3) * 0.35 }));
}

/** The sites of the table that comes with the pipeline; one id may be a site of two programmes. */
const SITES: readonly Site[] = [
  ...sites('LAKES_N', 'Lake', 4.7, ['1A1-102', '1E1-060', '040210', '020059']),
  ...sites('STREAMS_V', 'Stream', 5.8, ['VT33', 'VT34', 'VT09', 'VT08']),
  ...sites('CATSKILL', 'Stream', 5.6, ['01364959', '01434025']),
  ...sites('LAKES_M', 'Lake', 6.2, ['ME-9998', '040210', '020059']),
  ...sites('OTHERS', 'Stream', 6.6, ['PA-1']),
];

/** Means and deviations of what is measured besides, in the order of the archive's columns. */
const MEASURES: readonly (readonly [name: string, mean: number, deviation: number, missing: number])[] = [
  ['ANC_UEQ_L', 62, 30, 0],
  ['CA_UEQ_L', 85, 25, 0],
  ['CHL_A_UG_L', 3, 1.5, 0.85],
  ['CL_UEQ_L', 90, 20, 0],
  ['COND_UM_CM', 110, 40, 0],
  ['DOC_MG_L', 5, 2, 0.05],
  ['F_UEQ_L', 3, 1, 0.1],
  ['K_UEQ_L', 9, 3, 0],
  ['MG_UEQ_L', 40, 12, 0],
  ['NA_UEQ_L', 60, 20, 0],
  ['NH4_UEQ_L', 2, 1, 0.2],
  ['NO3_UEQ_L', 18, 9, 0],
  ['N_TD_UEQ_L', 30, 10, 0.3],
];
const MORE_MEASURES: typeof MEASURES = [
  ['P_TL_UEQ_L', 0.3, 0.1, 0.4],
  ['SECCHI_M', 4, 1.5, 0.85],
  ['SIO2_MG_L', 4, 1.5, 0.05],
  ['SO4_UEQ_L', 75, 25, 0],
];

const YEAR_MS = 31_556_952_000;
const HOUR_MS = 3_600_000;
const START_OF_RECOVERY_MS = Date.UTC(1990, 0, 1);
/** All programmes together take so many samples a week. */
const SAMPLES_A_WEEK = 100;

const anomalies: readonly Anomaly[] = [
  { name: 'site missing', spoil: (fields) => ({ ...fields, SITE_ID: null }) },
  { name: 'header row', spoil: (fields) => Object.fromEntries(Object.keys(fields).map((name) => [name, name])) },
  { name: 'pH is text', spoil: (fields) => ({ ...fields, PH_LAB: 'n/a' }) },
  // A decimal point that was forgotten.
  { name: 'pH beyond 14', spoil: (fields, random) => ({ ...fields, PH_LAB: String(460 + random.below(300)) }) },
  { name: 'date missing', spoil: (fields) => ({ ...fields, DATE_SMP: null }) },
];

/** Samples of lakes and streams: chemistry by site and season, and acid waters that recover over the years. */
export const water: Simulator = {
  name: 'water',
  perSecond: SAMPLES_A_WEEK / (7 * 24 * 3600),
  // A week, and so a lot of a hundred, every ten seconds.
  speed: 60_480,
  isArchive: true,
  sampleMs: 12 * 7 * 24 * HOUR_MS,
  beginning: (nowMs) => nowMs - 20 * YEAR_MS,
  anomalies,
  *rows({ random, startMs, perSecond }: Scene): Generator<SimulatedRow, never> {
    for (let atMs = startMs; ; ) {
      atMs += exponential(random, perSecond / 1000);
      const site = pick(random, SITES);
      const eventMs = Math.floor(atMs / 60_000) * 60_000;
      yield { eventMs, key: null, subject: site.id, fields: sample(site, eventMs, random) };
    }
  },
};

/** A row of the archive: numbers are text, as a file has them; what was not measured is null. */
function sample(site: Site, eventMs: number, random: Random): Fields {
  const recovered = Math.max(0, (eventMs - START_OF_RECOVERY_MS) / YEAR_MS) * 0.018;
  // Snow melt in spring makes waters sour.
  const spring = 0.35 * Math.exp(-(((seasonOf(eventMs) - 0.29) / 0.05) ** 2));
  const ph = clamp(normal(random, site.ph + Math.min(1, recovered) - spring, 0.18), 3.2, 9.5);
  const warm = 11 - 11 * Math.cos(2 * Math.PI * (seasonOf(eventMs) - 0.05));
  const date = new Date(eventMs).toISOString();
  const isLake = site.body === 'Lake';
  const measured = (rows: typeof MEASURES): Fields =>
    Object.fromEntries(
      rows.map(([name, mean, deviation, missing]) => [name, measure(mean, deviation, missing, random)]),
    );
  return {
    SITE_ID: site.id,
    PROGRAM_ID: site.program,
    DATE_SMP: `${date.slice(5, 7)}/${date.slice(8, 10)}/${date.slice(0, 4)} 00:00:00`,
    SAMPLE_LOCATION: isLake ? 'EPI' : 'Stream',
    SAMPLE_TYPE: 'Regular',
    WATERBODY_TYPE: site.body,
    SAMPLE_DEPTH: isLake ? 0 : null,
    TIME_SMP: timeOfDay(date, random),
    ...measured(MEASURES),
    PH_EQ: random.next() < 0.5 ? null : ph.toFixed(2),
    PH_FLD: random.next() < 0.7 ? null : (ph + normal(random, 0, 0.1)).toFixed(2),
    PH_LAB: random.next() < 0.04 ? null : ph.toFixed(2),
    PH_STVL: null,
    ...measured(MORE_MEASURES),
    WTEMP_DEG_C: random.next() < 0.3 ? null : Math.max(0, normal(random, warm, 2)).toFixed(1),
  };
}

/** Some programmes write 10:49, some 1049, some nothing. */
function timeOfDay(date: string, random: Random): string | null {
  const share = random.next();
  if (share < 0.4) return null;
  const time = date.slice(11, 16);
  return share < 0.75 ? time : time.replace(':', '');
}

function measure(mean: number, deviation: number, missing: number, random: Random): string | null {
  if (random.next() < missing) return null;
  const value = Math.max(0, normal(random, mean, deviation));
  // Now and then a polluted site: thousands are written with a space.
  if (mean >= 60 && random.next() < 0.005) return String(Math.round(value * 20)).replace(/(?<=\d)(?=\d{3}$)/, ' ');
  return mean < 10 ? value.toFixed(2) : String(Math.round(value));
}
