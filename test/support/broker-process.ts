import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** A broker in a process of its own. */
export interface BrokerProcess {
  readonly child: ChildProcess;
  readonly port: number;
  /** All that it has printed. */
  output(): string;
}

/**
 * Starts `streamctl broker start` and waits until it listens.
 * @param port 0 takes a free one.
 */
export function startBrokerProcess(folder: string, port = 0): Promise<BrokerProcess> {
  const args = [resolve('bin/streamctl.js'), 'broker', 'start', '--port', String(port), '--data', folder];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((ready, fail) => {
    let heard = '';
    const hear = (chunk: Buffer): void => {
      heard += chunk.toString();
      const found = /127\.0\.0\.1:(\d+)/.exec(heard);
      if (found) ready({ child, port: Number(found[1]), output: () => heard });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => fail(new Error(`the broker ended:\n${heard}`)));
  });
}
