import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const servicesHome = process.env.SERVICES_HOME ?? join(homedir(), '.cache/streamctl-services');
const script = resolve('scripts/services/flink.sh');

/** Whether Flink's jars are here: `scripts/services/flink.sh resolve`. */
export const hasFlink = existsSync(join(servicesHome, 'flink/resolved-2.3.0'));

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });
}

interface Result {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** One session of a Flink SQL Gateway that this test has started. */
export class FlinkSession {
  readonly #gateway: string;
  readonly #rest: string;
  #session = '';

  constructor(gatewayPort: number, restPort: number) {
    this.#gateway = `http://127.0.0.1:${gatewayPort}/v1`;
    this.#rest = `http://127.0.0.1:${restPort}`;
  }

  /** Starts Flink on free ports, as several suites may have one at the same time; `stop` ends it. */
  static async start(): Promise<{ session: FlinkSession; stop: () => void }> {
    const [gatewayPort, restPort] = [await freePort(), await freePort()];
    const env = { ...process.env, FLINK_GATEWAY_PORT: String(gatewayPort), FLINK_REST_PORT: String(restPort) };
    execFileSync('bash', [script, 'start'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const session = new FlinkSession(gatewayPort, restPort);
    await session.renew();
    return { session, stop: () => execFileSync('bash', [script, 'stop'], { env }) };
  }

  /** Begins a session without the tables and settings of the last one. */
  async renew(): Promise<void> {
    this.#session = (await this.#call('POST', '/sessions', {})).sessionHandle as string;
  }

  /** Waits until no job is running. @throws when one failed. */
  async finishJobs(): Promise<void> {
    for (;;) {
      const { jobs } = (await (await fetch(`${this.#rest}/jobs`)).json()) as { jobs: { id: string; status: string }[] };
      const failed = jobs.find(({ status }) => status === 'FAILED');
      if (failed) throw new Error(innermost(await (await fetch(`${this.#rest}/jobs/${failed.id}/exceptions`)).text()));
      if (jobs.every(({ status }) => status === 'FINISHED' || status === 'CANCELED')) return;
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  /** Runs one statement to its end; for an INSERT that is its submission. */
  async sql(statement: string): Promise<Result> {
    const { operationHandle } = await this.#call('POST', `/sessions/${this.#session}/statements`, { statement });
    let next: string | undefined = `/sessions/${this.#session}/operations/${operationHandle as string}/result/0`;
    const rows: unknown[][] = [];
    let columns: string[] = [];
    while (next) {
      const page: Record<string, unknown> = await this.#call('GET', next);
      if (page.resultType === 'NOT_READY') {
        await new Promise((done) => setTimeout(done, 50));
        continue;
      }
      const results = page.results as { columns: { name: string }[]; data: { fields: unknown[] }[] } | undefined;
      if (results?.columns) columns = results.columns.map(({ name }) => name);
      for (const row of results?.data ?? []) rows.push(row.fields);
      next = page.resultType === 'EOS' ? undefined : (page.nextResultUri as string | undefined)?.replace(/^\/v\d+/, '');
    }
    return { columns, rows };
  }

  /** Cancels every job that is running. */
  async cancelJobs(): Promise<void> {
    const { jobs } = (await (await fetch(`${this.#rest}/jobs`)).json()) as { jobs: { id: string; status: string }[] };
    for (const job of jobs.filter(({ status }) => status === 'RUNNING'))
      await fetch(`${this.#rest}/jobs/${job.id}`, { method: 'PATCH' });
  }

  async #call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(this.#gateway + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(innermost(text));
    return JSON.parse(text) as Record<string, unknown>;
  }
}

/** The innermost cause of a Java stack, which is what helps. */
function innermost(text: string): string {
  const causes = text
    .replaceAll('\\n', '\n')
    .split('\n')
    .filter((line) => /Caused by|Exception/.test(line));
  return (causes.at(-1) ?? text).slice(0, 2000);
}
