// The layer table of ARCHITECTURE.md as data: a folder may import itself and what stands in its row; all else fails the check.
const layers = {
  base: [],
  wire: ['base'],
  storage: ['base'],
  plan: ['base'],
  engine: ['plan', 'base'],
  connect: ['plan', 'wire', 'base'],
  broker: ['wire', 'storage', 'base'],
  flink: ['plan', 'base'],
  embedded: ['broker', 'storage', 'base'],
  run: ['engine', 'connect', 'storage', 'wire', 'plan', 'base'],
  testing: ['run', 'engine', 'connect', 'wire', 'plan', 'base'],
  lots: ['engine', 'connect', 'storage', 'wire', 'plan', 'base'],
  pipelines: ['plan'],
  ui: ['base', 'plan'],
  commands: [
    'base',
    'wire',
    'storage',
    'plan',
    'engine',
    'connect',
    'broker',
    'embedded',
    'flink',
    'run',
    'testing',
    'lots',
    'pipelines',
    'ui',
  ],
};

const boundaries = Object.entries(layers).map(([folder, allowed]) => ({
  name: `layer-${folder}`,
  comment: `src/${folder} may import only itself${allowed.length ? ` and ${allowed.join(', ')}` : ''}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}));

/** Folders that stay free of node:* and npm, with the files that are their named exceptions. */
const pure = [
  {
    folder: 'base',
    except: '^src/base/(system|system-[a-z0-9]+|compression|crypto)[.]ts$',
  },
  { folder: 'wire' },
  { folder: 'storage' },
  { folder: 'plan' },
  { folder: 'engine' },
  { folder: 'pipelines' },
];
const purity = pure.map(({ folder, except }) => ({
  name: `pure-${folder}`,
  comment: `src/${folder} imports neither node:* nor npm packages`,
  severity: 'error',
  from: { path: `^src/${folder}/`, ...(except ? { pathNot: except } : {}) },
  to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    ...boundaries,
    ...purity,
    {
      name: 'client-in-one-place',
      comment: 'connect/kafka is the only importer of a Kafka client',
      severity: 'error',
      from: { pathNot: '^src/connect/kafka/' },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'commands-apart',
      comment: 'commands do not import each other; what they share lies in commands/shared',
      severity: 'error',
      from: { path: '^src/commands/([^/]+)[.]tsx?$', pathNot: '^src/commands/index[.]ts$' },
      to: { path: '^src/commands/[^/]+[.]tsx?$', pathNot: '^src/commands/index[.]ts$' },
    },
    {
      name: 'react-in-ui',
      comment: 'ink and react live in ui',
      severity: 'error',
      from: { pathNot: '^src/ui/' },
      to: { path: 'node_modules/(ink|react)/' },
    },
    { name: 'main-on-top', severity: 'error', from: { path: '^src/[^/]+/' }, to: { path: '^src/main[.]ts$' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'default', 'types'],
    },
  },
};
