import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What one finished process left. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that is still running, with what it has printed so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly output: () => { stdout: string; stderr: string };
  /** Resolves when stdout or stderr contains `text`. Rejects when the process ends without it. */
  readonly waitFor: (text: string | RegExp) => Promise<void>;
  readonly finished: Promise<Finished>;
}

const launcher = resolve('bin/streamctl.js');

/** A working folder of its own, with its own embedded broker unless brokers are named; `remove` stops and deletes it. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'streamctl-test-'));
  readonly #env: Readonly<Record<string, string>>;
  readonly #children = new Set<ChildProcess>();

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = env;
  }

  /** Starts `streamctl ...args` in the folder. */
  start(
    args: readonly string[],
    options: { input?: string | Uint8Array; env?: Readonly<Record<string, string>> } = {},
  ): Running {
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, TERM: 'dumb', ...this.#env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let stdout = '';
    let stderr = '';
    const watchers = new Set<() => void>();
    const heard = (): void => {
      for (const watcher of watchers) watcher();
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      heard();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      heard();
    });
    child.stdin.on('error', () => undefined);
    if (options.input !== undefined) child.stdin.write(options.input);
    child.stdin.end();
    const finished = new Promise<Finished>((done) => {
      child.on('close', (code, signal) => {
        this.#children.delete(child);
        done({ code: code ?? (signal === 'SIGKILL' ? 137 : 1), stdout, stderr });
        heard();
      });
    });
    const waitFor = (text: string | RegExp): Promise<void> =>
      new Promise((found, gone) => {
        const look = (): void => {
          const all = stdout + stderr;
          if (typeof text === 'string' ? all.includes(text) : text.test(all)) {
            watchers.delete(look);
            found();
          } else if (child.exitCode !== null) {
            watchers.delete(look);
            gone(new Error(`streamctl ${args.join(' ')} ended without printing ${String(text)}:\n${all}`));
          }
        };
        watchers.add(look);
        look();
      });
    return { child, output: () => ({ stdout, stderr }), waitFor, finished };
  }

  /** Runs `streamctl ...args` to its end. */
  run(
    args: readonly string[],
    options: { input?: string | Uint8Array; env?: Readonly<Record<string, string>> } = {},
  ): Promise<Finished> {
    return this.start(args, options).finished;
  }

  /** Runs a command that must succeed; gives its stdout. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`streamctl ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  async remove(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    if (this.#env.STREAMCTL_BROKERS === undefined) await this.run(['broker', 'stop', '--json']);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The records of an NDJSON output. */
export function ndjson(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
