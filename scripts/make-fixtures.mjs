// Writes fixtures/: small data of our own in the shapes of the real sources, with their quirks. Seeded: the same
// files every time. `node scripts/make-fixtures.mjs`, or with `--check` to compare only.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stocksFiles } from './fixtures/stocks.mjs';
import { waterFiles } from './fixtures/water.mjs';

const SEED = 20240301;
const ROWS = 1200;
const REFERENCE_YEAR = 2020;

/** Mulberry32, as in src/base/random.ts: scripts run before anything is built. */
function seededRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, below: (bound) => Math.floor(next() * bound) };
}

const random = seededRandom(SEED);
const pick = (items) => items[random.below(items.length)];
/** About normal, mean 0, deviation 1. */
const bell = () => random.next() + random.next() + random.next() + random.next() + random.next() + random.next() - 3;

/** Share of all rows, and per model: price when new, engine sizes, share of diesels. */
const MAKERS = [
  [
    'audi',
    14,
    [
      ['A1', 19800, [1.0, 1.4], 0.2],
      ['A3', 25500, [1.0, 1.5, 2.0], 0.45],
      ['A4', 33000, [2.0], 0.7],
      ['Q3', 33500, [1.5, 2.0], 0.5],
      ['Q5', 45500, [2.0, 3.0], 0.75],
    ],
  ],
  [
    'bmw',
    14,
    [
      ['1 Series', 25800, [1.5, 2.0], 0.5],
      ['3 Series', 35500, [2.0], 0.65],
      ['5 Series', 43500, [2.0, 3.0], 0.75],
      ['X1', 33000, [1.5, 2.0], 0.6],
      ['X5', 62000, [3.0], 0.85],
    ],
  ],
  [
    'ford',
    20,
    [
      ['Fiesta', 16300, [1.0, 1.1], 0.1],
      ['Focus', 20500, [1.0, 1.5], 0.35],
      ['Kuga', 27500, [1.5, 2.0], 0.65],
      ['EcoSport', 19500, [1.0], 0.15],
      ['Mondeo', 24500, [2.0], 0.8],
    ],
  ],
  [
    'hyundai',
    9,
    [
      ['I10', 12800, [1.0, 1.2], 0],
      ['I20', 15800, [1.0, 1.2], 0.1],
      ['Tucson', 27500, [1.6, 2.0], 0.5],
      ['Kona', 22500, [1.0, 1.6], 0.1],
    ],
  ],
  [
    'mercedes',
    14,
    [
      ['A Class', 27500, [1.3, 1.5], 0.4],
      ['C Class', 37500, [2.0, 2.1], 0.7],
      ['E Class', 47500, [2.0, 2.1], 0.85],
      ['GLC Class', 47000, [2.0, 2.1], 0.8],
    ],
  ],
  [
    'skoda',
    9,
    [
      ['Fabia', 15300, [1.0], 0.05],
      ['Octavia', 21800, [1.0, 1.5, 2.0], 0.45],
      ['Karoq', 25800, [1.0, 1.5], 0.4],
      ['Superb', 29500, [1.5, 2.0], 0.7],
    ],
  ],
  [
    'toyota',
    10,
    [
      ['Aygo', 11800, [1.0], 0],
      ['Yaris', 16300, [1.0, 1.5], 0],
      ['Auris', 19800, [1.2, 1.8], 0.15],
      ['C-HR', 26500, [1.2, 1.8], 0],
      ['RAV4', 31500, [2.0, 2.5], 0.25],
    ],
  ],
  [
    'vw',
    17,
    [
      ['Up', 12300, [1.0], 0],
      ['Polo', 17300, [1.0, 1.2], 0.05],
      ['Golf', 24000, [1.0, 1.5, 2.0], 0.45],
      ['Tiguan', 31500, [1.5, 2.0], 0.65],
      ['Passat', 29500, [1.6, 2.0], 0.85],
    ],
  ],
];
const SHARES = MAKERS.reduce((sum, [, share]) => sum + share, 0);
const HEADER = 'manufacturer,model,year,price,transmission,mileage,fuelType,tax,mpg,engineSize';

function pickMaker() {
  let at = random.next() * SHARES;
  for (const maker of MAKERS) {
    at -= maker[1];
    if (at < 0) return maker;
  }
  return MAKERS[0];
}

function car() {
  const [manufacturer, , models] = pickMaker();
  const [model, newPrice, engines, diesel] = pick(models);
  const age = Math.min(14, Math.floor(Math.abs(bell()) * 3.2));
  const year = REFERENCE_YEAR - age;
  const mileage = Math.max(5, Math.round((age * 7600 + 2200) * Math.exp(bell() * 0.45)));
  const engine = pick(engines);
  const isHybrid = manufacturer === 'toyota' && engine === 1.8;
  const fuelType = isHybrid ? 'Hybrid' : random.next() < diesel ? 'Diesel' : 'Petrol';
  const isAutomatic = random.next() < (newPrice > 30000 ? 0.6 : isHybrid ? 1 : 0.15);
  const transmission = isAutomatic ? pick(['Automatic', 'Automatic', 'Semi-Auto']) : 'Manual';
  const worn = 0.86 ** age * (1 - Math.min(0.35, mileage / 400000));
  const price = Math.max(
    495,
    Math.round((newPrice * worn * (isAutomatic ? 1.07 : 1) * Math.exp(bell() * 0.09)) / 5) * 5 - pick([0, 0, 1, 5]),
  );
  const tax =
    fuelType === 'Hybrid' ? pick([0, 135]) : year > 2016 ? pick([145, 145, 145, 150]) : pick([0, 20, 30, 125, 160]);
  const mpg = isHybrid ? 70 + bell() * 6 : (fuelType === 'Diesel' ? 66 : 58) - engine * 5 + bell() * 5;
  // A space stands before each model's name, as in the files that people pass around.
  return [
    manufacturer,
    ` ${model}`,
    year,
    price,
    transmission,
    mileage,
    fuelType,
    tax,
    mpg.toFixed(1),
    engine.toFixed(1),
  ];
}

function carsCsv() {
  const rows = Array.from({ length: ROWS }, car);
  // Quirks at fixed places, as the real files have them.
  rows[137][2] = 2060;
  rows[251][8] = '470.8';
  for (const at of [88, 402, 733]) rows[at][9] = '0';
  for (const at of [190, 191, 560, 941]) rows[at] = [...rows[at - 1]];
  const lines = rows.map((row) => row.join(','));
  // A row whose cells all moved one to the right, and the header once more where two files were joined.
  lines[311] = ['', ...rows[311].slice(0, -1)].join(',');
  lines[600] = HEADER;
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** Epoch ms as `2020-03-31T21:19:36Z`. */
const isoSeconds = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');

/** Stories of four brands, newest first as the API gives them; some name two brands and come once for each. */
function newsCsv() {
  const brands = ['Ford', 'Hyundai', 'Toyota', 'bmw'];
  const newest = Date.UTC(2020, 4, 28, 21, 20, 0);
  const stories = brands.flatMap((brand) =>
    Array.from({ length: 60 }, (_, index) => {
      const polarity = () => pick(['positive', 'positive', 'positive', 'neutral', 'negative']);
      const score = () => (0.4 + random.below(61) / 100).toFixed(2).replace(/0+$/, '').replace(/[.]$/, '');
      const id = 5467400000 + random.below(90000);
      const published = newest - index * 75000 - random.below(70) * 1000;
      return [brand, id, polarity(), score(), polarity(), score(), isoSeconds(published)];
    }),
  );
  // The same story under two brands, a brand in capitals, and what breaks the rules.
  for (const at of [70, 131, 190]) stories[at] = [stories[at][0], ...stories[at - 60].slice(1)];
  stories[5][0] = 'FORD';
  stories[17][2] = 'mixed';
  stories[88][3] = '1.7';
  stories[140][1] = '';
  const header = 'type,id,sentiment_body_p,sentiment_body_s,sentiment_title_p,sentiment_title_s,published';
  return `${[header, ...stories.map((row) => row.join(','))].join('\n')}\n`;
}

/** Cities and points of two regions, asked every ten minutes; each reports at times of its own. */
function weatherCsv() {
  const places = [
    ['Strasbourg', 'France', '', 48.58, 7.75, 14],
    ['Paris', 'France', '', 48.86, 2.35, 15],
    ['Oslo', 'Norway', '', 59.91, 10.75, 1],
    ['Reykjavik', 'Iceland', '', 64.15, -21.94, 0],
    ['Paris', 'United States', '', 33.66, -95.56, 22],
    ['EuropeW-1', '', 'EuropeW', 48.5339, 4.8246, 14],
    ['EuropeW-2', '', 'EuropeW', 49.3576, 8.1054, 13],
    ['AsieE-1', '', 'AsieE', 33.2549, 115.8936, 24],
  ];
  const start = Date.UTC(2020, 4, 28, 0, 0, 0) / 1000;
  const rows = [];
  for (let poll = 0; poll < 24; poll++) {
    for (const [index, [city, country, region, latitude, longitude, mild]] of places.entries()) {
      const time = start + poll * 600 - ((index * 170) % 900);
      const temperature = mild + Math.sin(poll / 12) * 4 + bell();
      const humidity = Math.max(20, Math.min(100, Math.round(95 - temperature * 2 + bell() * 6)));
      const wet = random.next() < 0.3;
      const cold = temperature < 1.5;
      // A shower of 0.0 mm is a shower by its code only.
      const amount = wet ? pick(['0', '0.1', '0.4', '1.2', '2.5']) : '0';
      rows.push([
        city,
        country,
        region,
        latitude,
        longitude,
        time,
        temperature.toFixed(1),
        humidity,
        cold ? '0' : amount,
        cold ? amount : '0',
        wet && !cold,
        wet && cold,
        (8 + random.next() * 20).toFixed(1),
        (1012 + bell() * 6).toFixed(1),
      ]);
    }
  }
  rows[33][7] = 104;
  rows[57][6] = '-273.1';
  rows[90][3] = '148.9';
  rows[120][7] = '';
  const header =
    'city,country,region,latitude,longitude,time,temperature_c,humidity,rain_mm,snow_mm,is_raining,is_snowing,wind_kph,pressure_hpa';
  return `${[header, ...rows.map((row) => row.join(','))].join('\n')}\n`;
}

/** Stations of six postcodes, the last one without a postcode; the very last of the polled ones is in no list. */
const STATIONS = Array.from({ length: 24 }, (_, index) => {
  const code = index === 0 ? '16107' : index === 1 ? '32017' : String(1001 + index * 737);
  const postcode = ['75016', '93200', '75001', '75011', '94200', '92100'][index % 6];
  return { code, postcode: index === 22 ? '' : postcode, capacity: 15 + ((index * 7) % 30) };
});

function velibStationsCsv() {
  const rows = STATIONS.slice(0, 23).map(
    ({ code, postcode }) => `${code},${postcode},${/^75/.test(postcode) ? 'Paris' : 'Banlieue'}`,
  );
  return `${['stationCode,postcode,city', ...rows].join('\n')}\n`;
}

/** Forty polls, a minute apart: most stations repeat what they said, one steps back in time, one is silent for years. */
function velibCsv() {
  const start = Date.UTC(2020, 4, 28, 8, 0, 0) / 1000;
  const now = STATIONS.map(({ capacity }, index) => {
    const bikes = random.below(capacity);
    const electric = random.below(bikes + 1);
    return { bikes, electric, reported: index === 20 ? Date.UTC(2017, 11, 1) / 1000 : start - random.below(90) };
  });
  const lines = [];
  for (let poll = 0; poll < 40; poll++) {
    for (const [index, { code, capacity }] of STATIONS.entries()) {
      const state = now[index];
      if (index !== 20 && random.next() < 0.4) {
        state.bikes = Math.max(0, Math.min(capacity, state.bikes + random.below(5) - 2));
        state.electric = Math.min(state.bikes, random.below(state.bikes + 1));
        state.reported = start + poll * 60 - random.below(50);
      }
      const reported = index === 7 && poll === 25 ? state.reported - 95 : state.reported;
      const bikes = index === 4 && poll === 11 ? -1 : state.bikes;
      const cells = [code, bikes, state.bikes - state.electric, state.electric, capacity - state.bikes, reported];
      lines.push([...cells, `Station ${code}`, 48.85 + index / 500, 2.29 + index / 300, capacity].join(','));
    }
  }
  const header =
    'stationCode,num_bikes_available,mechanical,ebike,num_docks_available,last_reported,name,lat,lon,capacity';
  return `${[header, ...lines].join('\n')}\n`;
}

const files = {
  'cars.csv': carsCsv(),
  'news.csv': newsCsv(),
  'weather.csv': weatherCsv(),
  'velib-stations.csv': velibStationsCsv(),
  'velib.csv': velibCsv(),
  ...waterFiles({ random, bell, pick }),
  ...stocksFiles({ random, bell }),
};
const folder = new URL('../fixtures/', import.meta.url);
const isCheck = process.argv.includes('--check');
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  const path = new URL(name, folder);
  if (!isCheck) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`fixtures/${name} is not what scripts/make-fixtures.mjs writes`);
    process.exitCode = 1;
  }
}
