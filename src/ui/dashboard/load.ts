import type * as live from './live-dashboard.js';
import type * as still from './still-dashboard.js';

/**
 * Loads the dashboard with Ink and React. React is several times slower unless it is told, before it is loaded, that
 * this is no development build.
 */
export async function loadDashboard(): Promise<typeof live & typeof still> {
  process.env.NODE_ENV ??= 'production';
  const [liveModule, stillModule] = await Promise.all([import('./live-dashboard.js'), import('./still-dashboard.js')]);
  return { ...liveModule, ...stillModule };
}
