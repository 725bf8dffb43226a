import { homedir } from 'node:os';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLES, PROGRAMS, type ProgramName } from './programs.ts';

export async function locatePrograms(
  names: readonly ProgramName[],
  _options: { readonly onProgress: (line: string) => void },
): Promise<Readonly<Record<ProgramName, string>>> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kubeskippy');
  const found: Partial<Record<ProgramName, string>> = {};
  for (const name of names) {
    const { bundle, variable } = PROGRAMS[name];
    const path = process.env[variable] ?? join(cache, `${bundle}-${BUNDLES[bundle].version}`, name);
    if (!existsSync(path)) throw new Error(`${name} not found at ${path}`);
    found[name] = path;
  }
  return found as Record<ProgramName, string>;
}
