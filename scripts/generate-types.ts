/**
 * Writes what follows from the CRDs in crds/ to src/api/: the types (one file per CRD, and shared.ts for what more than
 * one of them uses) and the bounds of their status. `--check` writes nothing and fails when what is committed differs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { emitStatusBounds } from './crd-bounds.ts';
import { emitTypes } from './crd-types.ts';
import { readCrds } from './read-crds.ts';

const OUT = 'src/api';
const check = process.argv.includes('--check');

const crds = await readCrds('crds');
let stale = false;
for (const [name, source] of [...emitTypes(crds), ['status-bounds.ts', emitStatusBounds(crds)] as const]) {
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
