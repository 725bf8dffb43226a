import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Found {
  readonly file: string;
  readonly name: string;
  readonly value: unknown;
}

/** Everything that the files of a folder export (not those of folders in it), but for those that are left out. */
export async function exportsOf(folder: string, without: readonly string[] = []): Promise<readonly Found[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts') && !without.includes(file)).sort();
  const found: Found[] = [];
  for (const file of files) {
    const module = (await import(pathToFileURL(join(folder, file)).href)) as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(module)) found.push({ file, name, value });
  }
  return found;
}

/** A value with all these members, whatever they are. */
export const has = (value: unknown, ...members: readonly string[]): boolean =>
  typeof value === 'object' && value !== null && members.every((member) => member in value);

/** What a registry forgot, as `file: name`. */
export const unregistered = (
  found: readonly Found[],
  isDefinition: (value: unknown) => boolean,
  isRegistered: (value: unknown) => boolean,
): readonly string[] =>
  found.filter(({ value }) => isDefinition(value) && !isRegistered(value)).map(({ file, name }) => `${file}: ${name}`);
