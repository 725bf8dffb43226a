import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where Node keeps our compiled code from one command to the next. */
export function compiledDirectory(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg === undefined || xdg === '' ? join(homedir(), '.cache') : xdg, 'kubeskippy', 'compiled');
}
