import type { DashboardSnapshot } from '../../plan/snapshot.js';
import { makeLook } from '../charts/look.js';
import type { CellGrid, Size } from '../terminal/cells.js';
import { type Say, sayEnglish } from '../text/say.js';
import { LayoutEngine } from './layout.js';
import { pageOf } from './pages.js';
import { paintDashboard } from './paint-dashboard.js';
import { initialView, type ViewState } from './view-state.js';

/** Makes pictures of snapshots for whoever is no terminal: text frames, SVG, tests. */
export class StillDashboard {
  readonly #engine = new LayoutEngine();
  readonly #say: Say;

  constructor(say: Say = sayEnglish) {
    this.#say = say;
  }

  /**
   * One picture, a pure function of its arguments.
   * @param view what a person chose; the pipeline's own order when absent.
   */
  frame(snapshot: DashboardSnapshot, size: Size, unicode = true, view?: ViewState): CellGrid {
    const shown = view ?? initialView(snapshot.dashboard.sort);
    const look = makeLook(unicode, this.#say);
    const page = pageOf(snapshot, shown.page);
    return paintDashboard(this.#engine.layout(page, shown, size, look), page, shown, look);
  }

  /** Frees what the layout engine holds. */
  close(): void {
    this.#engine.close();
  }
}
