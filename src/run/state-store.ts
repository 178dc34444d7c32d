import type { LocalState } from './local-state.js';
import { type ReadState, readState, type StateMark, type StateTopic } from './state-topic.js';

/** Where the states of a worker are written and read: the topic, which counts, and copies on this machine if any are kept. */
export class StateStore {
  readonly #topic: StateTopic;
  readonly #read: ReadState;
  readonly #local: LocalState | undefined;
  /** Written and not committed yet. */
  readonly #open: (readonly [StateMark, Uint8Array])[] = [];
  #isAlone = false;

  constructor(topic: StateTopic, read: ReadState, local: LocalState | undefined) {
    this.#topic = topic;
    this.#read = read;
    this.#local = local;
  }

  /** See {@link StateTopic.write}. */
  async write(state: Uint8Array, owner: Pick<StateMark, 'owner' | 'slot'>): Promise<StateMark> {
    const mark = await this.#topic.write(state, owner);
    if (this.#local) this.#open.push([mark, state]);
    return mark;
  }

  /** The marks of everything that was written are committed. @param only the one owner whose state counts from now on. */
  committed(only?: string): void {
    const open = this.#open.splice(0);
    if (only !== undefined && !this.#isAlone) {
      this.#isAlone = true;
      this.#local?.keepOnly(only);
    }
    for (const [mark, state] of open) this.#local?.keep(mark, state);
  }

  /** The state at `mark`. @throws `log-corrupt` when it is not there any more, or not as it was written. */
  async read(mark: StateMark): Promise<Uint8Array> {
    return this.#local?.read(mark) ?? readState(mark, this.#read);
  }
}
