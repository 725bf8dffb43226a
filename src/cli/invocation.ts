import { basename } from 'node:path';

/** How kubectl finds plugins: `kubectl kubeskippy …` runs this program. */
const PLUGIN = 'kubectl-kubeskippy';

/** What people type to get here, for usage lines and for commands that are printed to be copied. */
export const invokedAs = (script = process.argv[1]): string =>
  basename(script ?? '').replace(/\.(js|cmd|exe)$/, '') === PLUGIN ? 'kubectl kubeskippy' : 'kubeskippy';
