/** A pipeline to begin with, as YAML. It runs as it is. */
function starterYaml(name: string): string {
  return `# A pipeline of your own. Try it:
#   streamctl topics create ./${name}.pipeline.yaml
#   echo '{"sensor":"a","value":20.5,"at":"2026-01-01T10:00:00Z"}' | streamctl produce ${name}-readings
#   streamctl run ./${name}.pipeline.yaml --until eof
# What a key means: docs/how-to/write-a-pipeline.md. What it does, in words: streamctl pipelines explain ./${name}.pipeline.yaml
pipeline: ${name}
description: readings of sensors, minute by minute

# Topics of JSON records, and the columns that are read of them:
# string, bigint, double, boolean, timestamp or json.
sources:
  readings:
    topic: ${name}-readings
    columns:
      sensor: string
      value: double
      at: timestamp
    # When it happened. Left out: the record's timestamp.
    eventTime: at
    # How far a row may be behind the newest one of its partition.
    lateness: 5 seconds

# One after the other; \`from: NAME\` takes the rows of an earlier one.
steps:
  valid:
    # Rows that break a rule go to the topic ${name}-dead-letters, with the reason.
    check:
      sensor missing: sensor IS NOT NULL
      value is not from -50 to 150: value BETWEEN -50 AND 150
  minutes:
    aggregate:
      window: { tumble: 1 minute }
      by: [sensor]
      columns:
        readings: COUNT(*)
        mean: AVG(value)
        highest: MAX(value)

# Topics for the results, each a JSON record.
sinks:
  results:
    topic: ${name}-results
    keys: [sensor]

# What \`streamctl watch\` shows.
dashboard:
  title: ${name}
  panels:
    - { kind: bars, title: Mean per sensor, sink: results, label: sensor, value: mean }
    - { kind: sparkline, title: Rows per second, metric: rows-per-second }
`;
}

/** The same in TypeScript. */
function starterTypeScript(name: string): string {
  return `// A pipeline of your own. Try it:
//   streamctl topics create ./${name}.pipeline.ts
//   echo '{"sensor":"a","value":20.5,"at":"2026-01-01T10:00:00Z"}' | streamctl produce ${name}-readings
//   streamctl run ./${name}.pipeline.ts --until eof
// 'streamctl' is the program that runs this file; for the types in an editor: npm install --save-dev streamctl
import { avg, between, count, isNotNull, kafka, max, pipeline } from 'streamctl';

// A topic of JSON records, and the columns that are read of them.
const readings = kafka('readings', {
  topic: '${name}-readings',
  columns: { sensor: 'string', value: 'double', at: 'timestamp' },
  // When it happened. Left out: the record's timestamp.
  eventTime: 'at',
  // How far a row may be behind the newest one of its partition.
  lateness: '5 seconds',
});

// A topic for the results, each a JSON record.
const results = kafka('results', { topic: '${name}-results', keys: ['sensor'] });

export const plan = pipeline('${name}', {
  description: 'readings of sensors, minute by minute',
  // What \`streamctl watch\` shows.
  dashboard: {
    title: '${name}',
    panels: [
      { kind: 'bars', title: 'Mean per sensor', sink: 'results', label: 'sensor', value: 'mean', unit: '' },
      { kind: 'sparkline', title: 'Rows per second', metric: 'rows-per-second' },
    ],
  },
})
  .from(readings)
  // Rows that break a rule go to the topic ${name}-dead-letters, with the reason.
  .check((row) => ({
    'sensor missing': isNotNull(row.sensor),
    'value is not from -50 to 150': between(row.value, -50, 150),
  }))
  .tumble('1 minute')
  .groupBy('sensor')
  .aggregate((row) => ({ readings: count(), mean: avg(row.value), highest: max(row.value) }))
  .into(results);
`;
}

/** Text of a file that says a pipeline called `name`. */
export function starterText(name: string, format: 'yaml' | 'ts'): string {
  return format === 'yaml' ? starterYaml(name) : starterTypeScript(name);
}
