import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The broker that a conformance suite talks to. */
export interface BrokerUnderTest {
  /** `host:port` */
  readonly address: string;
  /** For test titles. */
  readonly name: string;
  /** True for the embedded broker, false for Apache Kafka. */
  readonly embedded: boolean;
  stop(): Promise<void>;
}

/** What the suites run against: the cluster that STREAMCTL_TEST_BROKERS names, else the embedded broker. */
export const brokerName = process.env.STREAMCTL_TEST_BROKERS ? 'Apache Kafka' : 'the embedded broker';

/** Starts `streamctl broker start` on a free port and a folder of its own, unless a cluster is named. */
export async function brokerUnderTest(flags: readonly string[] = []): Promise<BrokerUnderTest> {
  const named = process.env.STREAMCTL_TEST_BROKERS;
  if (named) return { address: named, name: brokerName, embedded: false, stop: async () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-conformance-'));
  const child = spawn(
    process.execPath,
    [resolve('bin/streamctl.js'), 'broker', 'start', '--port', '0', '--data', folder, ...flags],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const address = await firstAddress(child);
  return { address, name: brokerName, embedded: true, stop: () => stopChild(child, folder) };
}

function firstAddress(child: ChildProcess): Promise<string> {
  return new Promise((ready, fail) => {
    let heard = '';
    const hear = (chunk: Buffer): void => {
      heard += chunk.toString();
      const found = /127\.0\.0\.1:\d+/.exec(heard);
      if (found) ready(found[0]);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => fail(new Error(`the broker ended:\n${heard}`)));
  });
}

function stopChild(child: ChildProcess, folder: string): Promise<void> {
  return new Promise((done) => {
    child.removeAllListeners('exit');
    child.once('exit', () => {
      rmSync(folder, { recursive: true, force: true });
      done();
    });
    child.kill('SIGTERM');
  });
}

/** Topic and group names that no one else on the same cluster has used. */
export function fresh(name: string): string {
  return `${name}-${Date.now().toString(36)}-${randomUUID().slice(0, 8)}`;
}

const servicesHome = process.env.SERVICES_HOME ?? join(homedir(), '.cache/streamctl-services');
/** Folder of Apache Kafka's jars, made by `scripts/services/kafka.sh resolve`. */
export const kafkaLibs = join(servicesHome, 'kafka/libs');
/** Whether Kafka's Java tools can be run here. */
export const hasJavaTools = existsSync(join(servicesHome, 'kafka/resolved-4.3.1-streams'));

/** Folder of the jars of an older Java client, made by `scripts/services/kafka.sh clients VERSION`; undefined where it was not. */
export function clientLibs(version: string): string | undefined {
  const folder = join(servicesHome, `kafka/clients-${version}`);
  return existsSync(join(folder, 'resolved')) ? folder : undefined;
}

/** Runs one of the tools of scripts/services/kafka.sh; gives stdout. */
export function javaTool(args: readonly string[], input?: string): string {
  return execFileSync('bash', [resolve('scripts/services/kafka.sh'), ...args], {
    encoding: 'utf8',
    input,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 120_000,
  });
}

/** Whether `command` is on the path. */
export function hasCommand(command: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, command)));
}
