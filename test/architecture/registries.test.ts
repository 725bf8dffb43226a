import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { actionFor } from '../../src/actions/index.ts';
import type { ActionDefinition } from '../../src/actions/define-action.ts';
import { analyzers } from '../../src/analyzers/index.ts';
import { guards } from '../../src/domain/guards/chain.ts';
import type { TriggerDefinition } from '../../src/triggers/define-trigger.ts';
import { isHonoured } from '../../src/triggers/index.ts';
import { exportsOf, has, unregistered, type Found } from '../support/architecture/definitions.ts';
import { PlantedTree } from '../support/architecture/planted-tree.ts';

const src = resolve(import.meta.dirname, '../../src');
const unitTests = resolve(import.meta.dirname, '../unit');

interface Registry {
  readonly name: string;
  readonly folder: string;
  /** Files that define the kind, not one of it. */
  readonly without: readonly string[];
  readonly isDefinition: (value: unknown) => boolean;
  readonly isRegistered: (value: unknown) => boolean;
  /** A definition that nobody registered. */
  readonly forgotten: string;
}

const registries: readonly Registry[] = [
  {
    name: 'actions',
    folder: 'actions',
    without: ['index.ts', 'define-action.ts'],
    isDefinition: (value) => has(value, 'type', 'kinds', 'plan', 'execute'),
    isRegistered: (value) => actionFor((value as ActionDefinition).type) === value,
    forgotten: "export const reboot = { type: 'reboot', kinds: [], plan: () => 1, execute: () => 1 };\n",
  },
  {
    name: 'triggers',
    folder: 'triggers',
    without: ['index.ts', 'define-trigger.ts'],
    isDefinition: (value) => has(value, 'type', 'compile'),
    isRegistered: (value) => isHonoured((value as TriggerDefinition).type),
    forgotten: "export const moon = { type: 'moon', compile: () => 1 };\n",
  },
  {
    name: 'analyzers',
    folder: 'analyzers',
    without: ['index.ts'],
    isDefinition: (value) => has(value, 'analyze'),
    isRegistered: (value) => Object.values<unknown>(analyzers).includes(value),
    forgotten: 'export const oracle = { analyze: () => 1 };\n',
  },
  {
    name: 'guards',
    folder: 'domain/guards',
    without: ['chain.ts', 'guard.ts'],
    isDefinition: (value) => typeof value === 'function',
    isRegistered: (value) => Object.values<unknown>(guards).includes(value),
    forgotten: 'export const fullMoon = () => undefined;\n',
  },
];

/** Files with a definition but without a test of the same name. */
const untested = (
  found: readonly Found[],
  isDefinition: (value: unknown) => boolean,
  tests: string,
): readonly string[] =>
  found
    .filter(({ value, file }) => isDefinition(value) && !existsSync(join(tests, file.replace(/\.ts$/, '.test.ts'))))
    .map(({ file }) => file);

describe.each(registries)('$name', ({ folder, without, isDefinition, isRegistered, forgotten }) => {
  test('every definition is registered', async () => {
    const found = await exportsOf(join(src, folder), without);
    expect(found.filter(({ value }) => isDefinition(value)).length).toBeGreaterThan(0);
    expect(unregistered(found, isDefinition, isRegistered)).toEqual([]);
  });

  if (['actions', 'triggers'].includes(folder))
    test('every definition has a test of its own', async () => {
      const found = await exportsOf(join(src, folder), without);
      expect(untested(found, isDefinition, join(unitTests, folder))).toEqual([]);
    });

  test('one that was forgotten is named', async () => {
    const tree = await PlantedTree.create({ 'forgotten.ts': forgotten });
    try {
      const found = await exportsOf(tree.path);
      expect(untested(found, isDefinition, join(unitTests, folder))).toEqual(['forgotten.ts']);
      expect(unregistered(found, isDefinition, isRegistered)).toEqual([expect.stringMatching(/^forgotten\.ts: /)]);
    } finally {
      await tree.remove();
    }
  });
});
