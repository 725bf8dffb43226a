import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

const SOURCES = join(import.meta.dirname, '..', 'programs');

/** The bundled programs: the only things that a container of this node can run. */
export interface ProgramCatalogue {
  readonly names: ReadonlySet<string>;
  /** The executable module of a program. */
  file(name: string): string;
  bytes(name: string): number;
}

/**
 * Lays the programs in `directory` as plain JavaScript: without type stripping at each start a process is up in half the
 * time and 16 MB smaller.
 */
export function prepareProgramCatalogue(directory: string): ProgramCatalogue {
  mkdirSync(directory, { recursive: true });
  const files = new Map<string, string>();
  for (const entry of readdirSync(SOURCES)) {
    const match = /^([a-z0-9-]+)\.(ts|js)$/.exec(entry);
    if (match?.[1] === undefined) continue;
    const source = readFileSync(join(SOURCES, entry), 'utf8');
    const file = join(directory, `${match[1]}.mjs`);
    writeFileSync(file, match[2] === 'ts' ? stripTypeScriptTypes(source) : source);
    files.set(match[1], file);
  }
  const file = (name: string): string => {
    const found = files.get(name);
    if (found === undefined) throw new Error(`there is no bundled program ${JSON.stringify(name)}`);
    return found;
  };
  return { names: new Set(files.keys()), file, bytes: (name) => statSync(file(name)).size };
}
