/**
 * Writes the TypeScript types of the CRDs in crds/ to src/api/: one file per CRD, and shared.ts for the types that more
 * than one of them uses. `--check` writes nothing and fails when what is committed differs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { emitTypes, type CrdSource } from './crd-types.ts';
import { readCrds } from './read-crds.ts';

const OUT = 'src/api';
const check = process.argv.includes('--check');

const crds: CrdSource[] = await readCrds('crds');
let stale = false;
for (const [name, source] of emitTypes(crds)) {
  const path = `${OUT}/${name}`;
  const text = await format(source, { ...(await resolveConfig(path)), parser: 'typescript' });
  const committed = await readFile(path, 'utf8').catch(() => undefined);
  if (committed === text) continue;
  if (check) {
    process.stderr.write(`${path} does not match crds/: run \`npm run gen\` and commit the result\n`);
    stale = true;
  } else {
    await writeFile(path, text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
if (stale) process.exitCode = 1;
