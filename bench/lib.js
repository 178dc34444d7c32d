// What every benchmark shares: processes measured from outside, medians, tables.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';

export const launcher = resolve('bin/streamctl.js');
export const kafkaScript = resolve('scripts/services/kafka.sh');

const scratches = [];
process.on('exit', () => {
  for (const folder of scratches) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is removed when the process ends. */
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-bench-'));
  scratches.push(folder);
  return folder;
}

/** Peak memory (MB) and CPU seconds of a live process so far, from /proc; undefined elsewhere. */
export function usage(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    const now = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    return { peakMb: peak, nowMb: now, cpuSeconds: (Number(stat[11]) + Number(stat[12])) / 100 };
  } catch {
    return undefined;
  }
}

/** {@link usage} of a process and all below it, added up. */
function treeUsage(pid) {
  const total = usage(pid);
  if (!total) return undefined;
  let tasks = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended meanwhile.
  }
  for (const task of tasks) {
    let children = '';
    try {
      children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8');
    } catch {
      continue;
    }
    for (const child of children.split(' ').filter(Boolean)) {
      const below = treeUsage(Number(child));
      if (!below) continue;
      total.peakMb += below.peakMb;
      total.cpuSeconds += below.cpuSeconds;
    }
  }
  return total;
}

/**
 * Runs a process to its end.
 * @param options.tree counts what it starts as well
 * @returns {Promise<{code: number, seconds: number, peakMb: number, cpuSeconds: number, stdout: string, bytes: number}>}
 */
export function measure(command, args, { cwd, input, env, keep = true, tree = false } = {}) {
  return new Promise((done, fail) => {
    const from = performance.now();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    let last = { peakMb: 0, cpuSeconds: 0 };
    const poll = setInterval(
      () => {
        // A process that has just ended has no memory any more, but its CPU time is still told.
        const seen = tree ? treeUsage(child.pid) : usage(child.pid);
        if (!seen) return;
        last = {
          peakMb: Math.max(last.peakMb, seen.peakMb),
          cpuSeconds: Math.max(last.cpuSeconds, seen.cpuSeconds),
        };
      },
      tree ? 50 : 10,
    );
    let stdout = '';
    let stderr = '';
    let bytes = 0;
    child.stdout.on('data', (chunk) => {
      bytes += chunk.length;
      if (keep) stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr = (stderr + chunk).slice(-4000);
    });
    if (input) input.pipe(child.stdin);
    child.on('error', fail);
    child.on('close', (code) => {
      clearInterval(poll);
      const seconds = (performance.now() - from) / 1000;
      if (code !== 0) return fail(new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr}`));
      done({ code, seconds, ...last, stdout, stderr, bytes });
    });
  });
}

export const streamctl = (args, options) => measure(process.execPath, [launcher, ...args], options);
export const kafka = (args, options) => measure('bash', [kafkaScript, ...args], options);

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Runs each of `subjects` once a round, in turn, so that a machine that drifts hits all alike; gives all results per name.
 * @param settleMs pause before each: what the one before leaves behind, garbage, code to compile, pages, is not its cost
 */
export async function inTurn(rounds, subjects, settleMs = 0) {
  const results = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, subject] of Object.entries(subjects)) {
      await new Promise((settled) => setTimeout(settled, settleMs));
      results[name].push(await subject(round));
    }
  }
  return results;
}

export const has = (command) => (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, command)));

/** What the machine is, for the head of a report. */
export function machine() {
  return `${cpus().length} cores (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.version}, ${process.platform}`;
}

/** A markdown table. */
export function table(headers, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(headers), line(headers.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Thousands separated; never rounded up. */
export const rate = (value) => Math.floor(value).toLocaleString('en-US');
/** Two digits, rounded towards zero. */
export const ratio = (value) => (Math.floor(value * 100) / 100).toFixed(2);
/** Milliseconds or MB, rounded up: cost is never shown smaller than it is. */
export const cost = (value) => String(Math.ceil(value));
