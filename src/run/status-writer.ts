import { utf8 } from '../base/bytes.js';
import type { Producer } from '../connect/kafka/contracts.js';
import type { DashboardSnapshot } from '../plan/snapshot.js';
import { encodeStatus } from './status-record.js';

/**
 * Writes looks at a run to its status topic, for whoever watches elsewhere. It has a producer of its own, outside of
 * any transaction, and never waits: a look that cannot be sent now is left out.
 */
export class StatusWriter {
  readonly #topic: string;
  readonly #runId: string;
  readonly #producer: Producer;
  #sending = false;
  #failed = false;

  constructor(topic: string, runId: string, producer: Producer) {
    this.#topic = topic;
    this.#runId = runId;
    this.#producer = producer;
  }

  write(snapshot: DashboardSnapshot): void {
    if (this.#sending || this.#failed) return;
    this.#sending = true;
    void this.#send(snapshot).finally(() => {
      this.#sending = false;
    });
  }

  /** Writes the last look and waits for it. */
  async close(last: DashboardSnapshot): Promise<void> {
    if (!this.#failed) await this.#send(last);
    await this.#producer.close(this.#failed).catch(() => undefined);
  }

  /** Lets go of what was not sent. */
  async abandon(): Promise<void> {
    this.#failed = true;
    await this.#producer.close(true).catch(() => undefined);
  }

  /** A status that is lost harms nothing; the run itself will find out that the broker is gone. */
  async #send(snapshot: DashboardSnapshot): Promise<void> {
    try {
      this.#producer.append(this.#topic, 0, utf8(snapshot.pipeline), encodeStatus({ runId: this.#runId, snapshot }));
      await this.#producer.flush();
    } catch {
      this.#failed = true;
    }
  }
}
