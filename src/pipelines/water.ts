import {
  and,
  atLeast,
  avg,
  between,
  caseWhen,
  cast,
  charLength,
  coalesce,
  concat,
  count,
  divide,
  equal,
  isNotNull,
  isNull,
  kafka,
  less,
  like,
  max,
  min,
  notEqual,
  or,
  parameter,
  pipeline,
  type Row,
  replace,
  type Stream,
  substring,
  subtract,
  type Typed,
  table,
  trim,
} from '../plan/index.js';

/** Measures of the archive, and what each is called in the table of methods. */
const MEASURES = {
  ANC_UEQ_L: 'ANC',
  CA_UEQ_L: 'CA',
  CHL_A_UG_L: 'CHL_A',
  CL_UEQ_L: 'CL',
  COND_UM_CM: 'COND',
  DOC_MG_L: 'DOC',
  F_UEQ_L: 'F',
  K_UEQ_L: 'K',
  MG_UEQ_L: 'MG',
  NA_UEQ_L: 'NA',
  NH4_UEQ_L: 'NH4',
  NO3_UEQ_L: 'NO3',
  N_TD_UEQ_L: 'N_TD',
  PH_EQ: 'PH_EQ',
  PH_FLD: 'PH_FLD',
  PH_LAB: 'PH_LAB',
  PH_STVL: 'PH_STVL',
  P_TL_UEQ_L: 'P_TL',
  SECCHI_M: 'SECCHI',
  SIO2_MG_L: 'SIO2',
  SO4_UEQ_L: 'SO4',
  WTEMP_DEG_C: 'WTEMP',
} as const;
type Measure = keyof typeof MEASURES;
const measures = Object.keys(MEASURES) as readonly Measure[];
type As<T> = { readonly [M in Measure]: T };

function each<T>(make: (measure: Measure) => T): As<T> {
  return Object.fromEntries(measures.map((measure) => [measure, make(measure)])) as As<T>;
}

const columns = {
  SITE_ID: 'string',
  PROGRAM_ID: 'string',
  DATE_SMP: 'string',
  TIME_SMP: 'string',
  SAMPLE_LOCATION: 'string',
  WATERBODY_TYPE: 'string',
  // The archive writes 1 002 with a space: they are read by the rules, so that a row that breaks one is counted.
  ...each((): 'string' => 'string'),
} as const;

/** Day of a sample as `YYYY-MM-DD`: from MM/DD/YYYY, or as workbooks have it. */
function dayOf(row: Row<typeof columns>): Typed<'string'> {
  const day = trim(row.DATE_SMP);
  const american = concat(substring(day, 7, 4), '-', substring(day, 1, 2), '-', substring(day, 4, 2));
  return caseWhen([[equal(substring(day, 5, 1), '-'), substring(day, 1, 10)]], american);
}

/** Time of day of a sample as `hh:mm`: from nothing, HHMM, HH:MM or HH:MM:SS. */
function minuteOf(row: Row<typeof columns>): Typed<'string'> {
  const digits = replace(coalesce(trim(row.TIME_SMP), ''), ':', '');
  const padded = (zeros: string): Typed<'string'> =>
    substring(concat(zeros, digits), subtract(charLength(concat(zeros, digits)), zeros.length - 1));
  const four = caseWhen([[like(row.TIME_SMP, '%:%:%'), padded('000000')]], padded('0000'));
  return concat(substring(four, 1, 2), ':', substring(four, 3, 2));
}

/** When a sample was taken, in the time of the place, which the archive does not tell; null where it is no time. */
function timeOf(row: Row<typeof columns>): Typed<'timestamp'> {
  return cast(concat(dayOf(row), ' ', minuteOf(row), ':00'), 'timestamp', 'null');
}

const samples = kafka('samples', {
  topic: 'water-quality',
  partitions: 3,
  columns,
  headers: { lot: 'streamctl-lot', file: 'streamctl-source' },
  // A row without a time is rejected by a rule, so that its lot knows of it.
  eventTime: { name: 'sampled', from: (row) => coalesce(timeOf(row), new Date(0)) },
});

const methods = table('methods', {
  file: 'water-methods.csv',
  columns: { PROGRAM_ID: 'string', PARAMETER: 'string', START_YEAR: 'bigint', END_YEAR: 'bigint', METHOD: 'string' },
});
const sites = table('sites', {
  file: 'water-sites.csv',
  columns: {
    SITE_ID: 'string',
    PROGRAM_ID: 'string',
    SITE_NAME: 'string',
    STATE: 'string',
    ECONAME_III: 'string',
    LATDD: 'double',
    LONDD: 'double',
  },
});

const compact = { 'cleanup.policy': 'compact' } as const;
const siteMetrics = kafka('sites', { topic: 'water-sites', keys: ['SITE_ID', 'PROGRAM_ID'], config: compact });
const metrics = kafka('metrics', { topic: 'water-metrics', keys: ['dimension', 'name', 'measure'], config: compact });
const bands = kafka('ph-bands', { topic: 'water-ph-bands', keys: ['WATERBODY_TYPE', 'band'], config: compact });
const lots = kafka('lots', { topic: 'water-lots', keys: ['file', 'lot'], config: compact });
const programmes = kafka('programmes', { topic: 'water-programmes', keys: ['PROGRAM_ID'], config: compact });

/** A number as people write it: spaces between thousands, comma or point before decimals; null where it is none. */
function numberIn(text: Typed<'string'>): Typed<'double'> {
  const bare = replace(replace(replace(text, ' ', ''), '\u00a0', ''), ',', '.');
  return cast(bare, 'double', 'null');
}

/** The value of each measure, null where it is no number. */
function numbersOf(row: Row<typeof columns>) {
  const made = measures.map((measure) => [`${measure}_number`, numberIn(row[measure])] as const);
  return Object.fromEntries(made) as { readonly [M in Measure as `${M}_number`]: Typed<'double'> };
}

/** The columns of {@link numbersOf}. */
function numbersAgain(row: { readonly [M in Measure as `${M}_number`]: Typed<'double'> }) {
  const made = measures.map((measure) => [`${measure}_number`, row[`${measure}_number`]] as const);
  return Object.fromEntries(made) as { readonly [M in Measure as `${M}_number`]: Typed<'double'> };
}

type Read = typeof columns & { readonly [M in Measure as `${M}_number`]: 'double' };

/** Whether the text of a measure is a number or nothing. */
function isNumber(row: Row<Read>, measure: Measure): Typed<'boolean'> {
  return or(isNull(row[measure]), isNotNull(row[`${measure}_number`]));
}

const BOUND = ['PH_LAB', 'WTEMP_DEG_C'] as const;

/** What a good row fulfils. */
function rules(row: Row<Read>): Readonly<Record<string, Typed<'boolean'>>> {
  const [first, ...others] = measures.filter((measure) => !BOUND.some((bound) => bound === measure));
  const missingIsFine = notEqual(parameter('missing', 'string'), 'error');
  return {
    'SITE_ID missing': and(isNotNull(row.SITE_ID), notEqual(row.SITE_ID, '')),
    'header row repeated': notEqual(row.SITE_ID, 'SITE_ID'),
    'DATE_SMP or TIME_SMP is no time': isNotNull(timeOf(row)),
    'PH_LAB is not a number': isNumber(row, 'PH_LAB'),
    'WTEMP_DEG_C is not a number': isNumber(row, 'WTEMP_DEG_C'),
    'PH_LAB missing': or(missingIsFine, isNotNull(row.PH_LAB)),
    'WTEMP_DEG_C missing': or(missingIsFine, isNotNull(row.WTEMP_DEG_C)),
    'PH_LAB is not from 0 to 14': or(isNull(row.PH_LAB_number), between(row.PH_LAB_number, 0, 14)),
    'another measure is not a number': and(isNumber(row, first!), ...others.map((measure) => isNumber(row, measure))),
  };
}

function fulfilsAll(row: Row<Read>): Typed<'boolean'> {
  const [first, ...others] = Object.values(rules(row)).map((rule) => coalesce(rule, false));
  return and(first!, ...others);
}

/** How good the rows of a group are, the rejected ones among them. */
function quality(row: Row<typeof columns & { readonly valid: 'boolean' }>) {
  const share = divide(cast(count(caseWhen([[row.valid, 1]])), 'double'), count());
  return {
    rows: count(),
    valid: count(caseWhen([[row.valid, 1]])),
    rejected: count(caseWhen([[equal(row.valid, false), 1]])),
    ph_missing: subtract(count(), count(row.PH_LAB)),
    temperature_missing: subtract(count(), count(row.WTEMP_DEG_C)),
    valid_share: share,
    state: caseWhen([[atLeast(share, parameter('threshold', 'double')), 'accepted']], 'quarantined'),
  };
}

/** The half pH that a value lies in. */
function bandOf(ph: Typed<'double'>): Typed<'string'> {
  const bounds = Array.from({ length: 9 }, (_, at) => 4 + at / 2);
  const inside = bounds.map(
    (bound) => [less(ph, bound), bound === 4 ? 'below 4.0' : `${text(bound - 0.5)}-${text(bound)}`] as const,
  );
  return caseWhen(inside, 'from 8.0');
}

function text(bound: number): string {
  return bound.toFixed(1);
}

type Located = Read & { readonly region: 'string'; readonly year: 'bigint' };

/**
 * A row per measure that a sample has and per dimension: `measure` as it is called among the methods, its `value`, and the
 * `name` that it has in the `dimension`.
 */
function perDimension(good: Stream<Located>) {
  const column = <M extends Measure>(measure: M): `${M}_number` => `${measure}_number`;
  const called = Object.fromEntries(measures.map((measure) => [MEASURES[measure], column(measure)]));
  return good
    .select(
      (row) => ({
        programme: row.PROGRAM_ID,
        site: row.SITE_ID,
        region: coalesce(row.region, 'unknown'),
        year: row.year,
        ...numbersAgain(row),
      }),
      'measures',
    )
    .unpivot(called, { label: 'measure', value: 'value', name: 'measured' })
    .lookup(methods, {
      on: { programme: 'PROGRAM_ID', measure: 'PARAMETER' },
      between: { value: 'year', from: 'START_YEAR', to: 'END_YEAR' },
      join: 'left',
    })
    .select(
      (row) => ({
        programme: coalesce(row.programme, 'unknown'),
        site: row.site,
        region: row.region,
        method: coalesce(row.METHOD, 'unknown'),
        measure: row.measure,
        value: row.value,
      }),
      'placed',
    )
    .unpivot(
      { programme: 'programme', site: 'site', region: 'region', method: 'method' },
      { label: 'dimension', value: 'name', name: 'dimensions' },
    );
}

/** Water samples of lakes and streams: what was measured per site, method, region and programme, and how good it is. */
export const water = pipeline('water', {
  description: 'measures of lakes and streams per site, method, region and programme; quality of rows and lots',
  parameters: {
    missing: {
      type: 'string',
      description: 'what a missing PH_LAB or WTEMP_DEG_C is: null keeps the row, error rejects it',
      default: 'null',
      oneOf: ['null', 'error'],
    },
    threshold: {
      type: 'double',
      description: 'share of valid rows from which on a lot is accepted',
      default: 0.95,
    },
  },
  deadLetters: 'water-quarantine',
  dashboard: {
    title: 'Water quality',
    panels: [
      { kind: 'bars', title: 'Mean pH by site', sink: 'sites', label: 'SITE_ID', value: 'mean_ph', unit: '' },
      {
        kind: 'table',
        title: 'Sites',
        sink: 'sites',
        columns: [
          'SITE_ID',
          'PROGRAM_ID',
          'rows',
          'mean_ph',
          'min_ph',
          'max_ph',
          'mean_temperature',
          'STATE',
          'SITE_NAME',
        ],
        sortBy: 'rows',
      },
      {
        kind: 'bars',
        title: 'Samples by pH',
        sink: 'ph-bands',
        label: 'band',
        value: 'samples',
        unit: '',
      },
      {
        kind: 'table',
        title: 'Lots',
        sink: 'lots',
        columns: ['lot', 'rows', 'valid', 'rejected', 'valid_share', 'state'],
        sortBy: 'rejected',
      },
      {
        kind: 'table',
        title: 'Programmes',
        sink: 'programmes',
        columns: ['PROGRAM_ID', 'rows', 'valid', 'rejected', 'ph_missing', 'temperature_missing'],
        sortBy: 'rows',
      },
      { kind: 'sparkline', title: 'Rows per second', metric: 'rows-per-second' },
    ],
  },
})
  .from(samples)
  .derive((row) => ({ ...numbersOf(row), year: cast(substring(dayOf(row), 1, 4), 'bigint', 'null') }), 'numbers')
  .derive((row) => ({ valid: fulfilsAll(row) }), 'judged')
  .fork((judged) => {
    const located = judged
      .check(rules)
      .lookup(sites, { on: ['SITE_ID', 'PROGRAM_ID'], join: 'left' })
      .derive((row) => ({ region: row.ECONAME_III }), 'located');
    return [
      judged.groupBy('file', 'lot').aggregate(quality).into(lots),
      judged.groupBy('PROGRAM_ID').aggregate(quality).into(programmes),
      perDimension(located)
        .groupBy('dimension', 'name', 'measure')
        .aggregate((row) => ({ count: count(), mean: avg(row.value), min: min(row.value), max: max(row.value) }))
        .into(metrics),
      located
        .groupBy('SITE_ID', 'PROGRAM_ID')
        .aggregate(
          (row) => ({
            SITE_NAME: max(row.SITE_NAME),
            STATE: max(row.STATE),
            region: max(row.region),
            latitude: max(row.LATDD),
            longitude: max(row.LONDD),
            rows: count(),
            first_sample: min(row.sampled),
            last_sample: max(row.sampled),
            ph_values: count(row.PH_LAB_number),
            mean_ph: avg(row.PH_LAB_number),
            min_ph: min(row.PH_LAB_number),
            max_ph: max(row.PH_LAB_number),
            temperature_values: count(row.WTEMP_DEG_C_number),
            mean_temperature: avg(row.WTEMP_DEG_C_number),
            min_temperature: min(row.WTEMP_DEG_C_number),
            max_temperature: max(row.WTEMP_DEG_C_number),
          }),
          'by-site',
        )
        .into(siteMetrics),
      located
        .where((row) => isNotNull(row.PH_LAB_number), 'with-ph')
        .derive((row) => ({ band: bandOf(row.PH_LAB_number) }), 'banded')
        .groupBy('WATERBODY_TYPE', 'band')
        .aggregate((row) => ({ samples: count(), mean_ph: avg(row.PH_LAB_number) }))
        .into(bands),
    ];
  });
