import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bundleFaults } from '../../scripts/bundle-faults.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import { PlantedTree } from '../support/architecture/planted-tree.ts';

/** Looks like a bundle with one more source in its map. */
async function withSource(path: string): Promise<string> {
  const code = await readFile(await workflowBundle(), 'utf8');
  const start = code.lastIndexOf('base64,') + 'base64,'.length;
  const map = JSON.parse(Buffer.from(code.slice(start), 'base64').toString()) as { sources: string[] };
  map.sources.push(path);
  return code.slice(0, start) + Buffer.from(JSON.stringify(map)).toString('base64');
}

describe('the bundle of the workflows', () => {
  test('is small and made of nothing but the core and the SDK', async () => {
    expect(bundleFaults(await readFile(await workflowBundle(), 'utf8'))).toEqual([]);
  });

  test.each(['@kubernetes/client-node', 'undici', 'ajv'])('may not hold %s', async (name) => {
    expect(bundleFaults(await withSource(`/clone/node_modules/${name}/dist/index.js`))).toEqual([
      expect.stringContaining(`package ${name} is in the bundle`),
    ]);
  });

  test('may not grow without end', async () => {
    const code = `/*${'x'.repeat(2_000_000)}*/\n${await withSource('/clone/src/domain/plan.ts')}`;
    expect(bundleFaults(code)).toEqual([
      expect.stringMatching(/^the bundle has \d{4} kB, 1800 kB are allowed$/),
      expect.stringMatching(/^the code of the bundle has \d{4} kB, 800 kB are allowed$/),
    ]);
  });

  test('has to say what it is made of', () => {
    expect(bundleFaults('export {};')).toEqual([expect.stringContaining('no source map')]);
  });
});

describe('a workflow that imports', () => {
  let tree: PlantedTree;

  beforeEach(async () => {
    tree = await PlantedTree.create({
      'workflows/light.ts': 'export async function heal(): Promise<number> {\n  return 1;\n}\n',
      'workflows/heavy.ts':
        "import { z } from 'zod';\nexport async function heal(): Promise<number> {\n  return z.number().parse(1);\n}\n",
      'workflows/impure.ts':
        "import { readFileSync } from 'node:fs';\nexport async function heal(): Promise<number> {\n  return readFileSync('/dev/null').length;\n}\n",
    });
  });

  afterEach(async () => {
    await tree.remove();
  });

  test('nothing is bundled', async () => {
    const { code } = await tree.run('scripts/bundle.ts', 'workflows/light.ts', 'out/bundle.js');
    expect(code).toBe(0);
    expect(bundleFaults(await readFile(join(tree.path, 'out/bundle.js'), 'utf8'))).toEqual([]);
  });

  test('zod is refused, and no bundle is left', async () => {
    const { code, stderr } = await tree.run('scripts/bundle.ts', 'workflows/heavy.ts', 'out/bundle.js');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('package zod is in the bundle') });
    await expect(readFile(join(tree.path, 'out/bundle.js'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a Node module is refused', async () => {
    const { code, stderr } = await tree.run('scripts/bundle.ts', 'workflows/impure.ts', 'out/bundle.js');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('ERROR in node:fs') });
  });
});
