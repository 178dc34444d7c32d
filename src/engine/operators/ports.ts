import type { CloseReason } from '../job.js';
import type { Receiver, Rows } from '../rows.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';

/** What a step with several inputs does. */
export interface PortOwner {
  /** Takes rows of one input; their watermarks are those of all inputs together. */
  portRows(port: number, rows: Rows): void;
  /** No input gives rows that are as old any more. */
  merged(ms: number, reason: CloseReason): void;
  /** Every input says so. */
  flushed(reason: CloseReason): void;
}

interface Port {
  watermark: number;
  /** Nothing comes for now: it does not hold the others back. */
  idle: boolean;
}

/** The inputs of one step: its watermark is the smallest of those that are not idle, and never goes back. */
export class Ports {
  readonly #owner: PortOwner;
  readonly #ports: readonly Port[];
  #merged = Number.NEGATIVE_INFINITY;

  constructor(count: number, owner: PortOwner) {
    this.#owner = owner;
    this.#ports = Array.from({ length: count }, () => ({ watermark: Number.NEGATIVE_INFINITY, idle: false }));
  }

  /** What input number `at` gives its rows to. */
  receiver(at: number): Receiver {
    const port = this.#ports[at]!;
    return {
      rows: (rows) => this.#rows(at, rows),
      watermark: (ms, reason) => {
        port.watermark = Math.max(port.watermark, ms);
        this.#advance(reason);
      },
      flush: (reason) => {
        port.idle = true;
        this.#advance(reason);
        const nothingComes = this.#smallest() === Number.POSITIVE_INFINITY;
        if (nothingComes) this.#owner.flushed(reason);
      },
    };
  }

  #rows(at: number, rows: Rows): void {
    const port = this.#ports[at]!;
    port.idle = false;
    const others = this.#smallest(port);
    const { selection, selected, watermarks } = rows;
    const merged = new Float64Array(watermarks.length);
    let now = this.#merged;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      now = Math.max(now, Math.min(others, watermarks[row]!));
      merged[row] = now;
    }
    this.#owner.portRows(at, { ...rows, watermarks: merged });
  }

  /** Smallest watermark of the inputs that count, without `but`. */
  #smallest(but?: Port): number {
    let smallest = Number.POSITIVE_INFINITY;
    for (const port of this.#ports) {
      if (port !== but && !port.idle) smallest = Math.min(smallest, port.watermark);
    }
    return smallest;
  }

  #advance(reason: CloseReason): void {
    const open = this.#ports
      .filter((port) => port.watermark !== Number.POSITIVE_INFINITY)
      .map((port) => port.watermark);
    const allIdle = this.#smallest() === Number.POSITIVE_INFINITY;
    const next = allIdle && open.length > 0 ? Math.max(...open) : this.#smallest();
    if (next <= this.#merged) return;
    this.#merged = next;
    this.#owner.merged(next, reason);
  }

  /** Writes the watermarks. */
  save(writer: StateWriter): void {
    writer.number(this.#merged);
    for (const port of this.#ports) {
      writer.number(port.watermark);
      writer.byte(port.idle ? 1 : 0);
    }
  }

  /** Reads what {@link Ports.save} wrote. */
  load(reader: StateReader): void {
    this.#merged = reader.number();
    for (const port of this.#ports) {
      port.watermark = reader.number();
      port.idle = reader.byte() === 1;
    }
  }
}
