import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { hostileSummary, runHostile } from '../support/hostile-run.js';

const DURATION_MS = 20_000;
const P99_LIMIT_MS = 50;
const MEMORY_LIMIT_MIB = 300;
/** Files that a process needs beside its connections. */
const OTHER_FILES = 500;
const filesMax = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).replace('unlimited', '20000'));
const CONNECTIONS = Math.min(10_000, filesMax - OTHER_FILES);

it.skipIf(process.platform !== 'linux')(
  `a good client is served well beside ${CONNECTIONS} idle connections and all sorts of hostile ones`,
  async () => {
    const report = await runHostile(CONNECTIONS, DURATION_MS);
    console.log(hostileSummary(report));
    expect(report.hostile.idle).toBe(CONNECTIONS);
    expect(report.hostile.bombsAnswered).toBeGreaterThan(0);
    expect(report.peakMib).toBeLessThan(MEMORY_LIMIT_MIB);
    expect(report.p99Ms).toBeLessThan(P99_LIMIT_MS);
  },
);
