import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PlantedTree } from '../support/architecture/planted-tree.ts';

interface Plant {
  readonly what: string;
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

const SYNTAX = 'no-restricted-syntax';
const logging = (call: string): string =>
  `declare const log: { info(...args: unknown[]): void };\nexport const say = (name: string): void => {\n  ${call}\n};\n`;

const plants: readonly Plant[] = [
  {
    what: 'a setting read from the environment in a step',
    rule: 'no-restricted-properties',
    file: 'activities/planted-environment.ts',
    source: "export const home = (): string | undefined => process.env['HOME'];\n",
  },
  {
    what: 'a setting read from the environment under another name',
    rule: '@typescript-eslint/no-restricted-imports',
    file: 'src/adapters/planted-environment.ts',
    source: "import { env } from 'node:process';\nexport const home = (): string | undefined => env['HOME'];\n",
  },
  {
    what: 'a default export',
    rule: SYNTAX,
    file: 'src/domain/planted-default.ts',
    source: 'export default function plan(): number {\n  return 1;\n}\n',
  },
  {
    what: 'a default export by another name',
    rule: SYNTAX,
    file: 'src/domain/planted-default-alias.ts',
    source: 'const plan = 1;\nexport { plan as default };\n',
  },
  {
    what: 'a default export behind a comment that switches lint off',
    rule: SYNTAX,
    file: 'src/domain/planted-disabled.ts',
    source: '/* eslint-disable */\nexport default 1;\n',
  },
  {
    what: 'a template in a log message',
    rule: SYNTAX,
    file: 'workers/planted-template.ts',
    source: logging('log.info({ name }, `healed ${name}`);'),
  },
  {
    what: 'a log message that is put together',
    rule: SYNTAX,
    file: 'src/adapters/planted-concatenation.ts',
    source: logging("log.info('healed ' + name);"),
  },
  {
    what: 'a log message with a template in a member',
    rule: SYNTAX,
    file: 'src/adapters/planted-member.ts',
    source:
      'export class Poll {\n  readonly #logger: { warn(text: string): void } = { warn: () => undefined };\n' +
      '  end(name: string): void {\n    this.#logger.warn(`lost ${name}`);\n  }\n}\n',
  },
  {
    what: 'the console in the program',
    rule: 'no-console',
    file: 'src/adapters/planted-console.ts',
    source: "export const hello = (): void => {\n  console.log('hello');\n};\n",
  },
  {
    what: 'a file that is too long',
    rule: 'max-lines',
    file: 'src/domain/planted-long.ts',
    source: Array.from({ length: 401 }, (_, line) => `export const line${line} = ${line};\n`).join(''),
  },
  {
    what: 'a Node module in a workflow',
    rule: '@typescript-eslint/no-restricted-imports',
    file: 'workflows/planted-node.ts',
    source: "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n",
  },
  {
    what: 'zod in a workflow',
    rule: '@typescript-eslint/no-restricted-imports',
    file: 'workflows/planted-zod.ts',
    source: "import { z } from 'zod';\nexport const schema = z.string();\n",
  },
  {
    what: 'an activity called by a workflow itself',
    rule: '@typescript-eslint/no-restricted-imports',
    file: 'workflows/planted-activity.ts',
    source: "import { execute } from '../activities/execute.ts';\nexport const run = execute;\n",
  },
  {
    what: 'a clock of the process in a workflow',
    rule: 'no-restricted-globals',
    file: 'workflows/planted-process.ts',
    source: 'export const since = (): number => process.uptime();\n',
  },
  {
    what: 'a state in a workflow that forgets what came in during a step',
    rule: 'require-atomic-updates',
    file: 'workflows/planted-lost-update.ts',
    source:
      'export async function count(step: () => Promise<number>, on: (message: () => void) => void): Promise<number> {\n' +
      '  let sum = 0;\n  on(() => {\n    sum += 1;\n  });\n  sum = Math.max(sum, await step());\n  return sum;\n}\n',
  },
  {
    what: 'a port that does something',
    rule: SYNTAX,
    file: 'src/ports/planted-function.ts',
    source: 'export function now(): number {\n  return 1;\n}\n',
  },
  {
    what: 'a promise that nobody awaits',
    rule: '@typescript-eslint/no-floating-promises',
    file: 'src/adapters/planted-floating.ts',
    source: 'const send = async (): Promise<number> => 1;\nexport const go = (): void => {\n  send();\n};\n',
  },
  {
    what: 'a value of unknown shape',
    rule: '@typescript-eslint/no-explicit-any',
    file: 'src/adapters/planted-any.ts',
    source: 'export const anything = (value: any): boolean => value === 1;\n',
  },
  {
    what: 'a union of which a case is forgotten',
    rule: '@typescript-eslint/switch-exhaustiveness-check',
    file: 'src/domain/planted-switch.ts',
    source:
      "export function of(verdict: 'healed' | 'failed'): void {\n  switch (verdict) {\n    case 'healed':\n      return;\n  }\n}\n",
  },
  {
    what: 'an import that only looks like one of types',
    rule: '@typescript-eslint/no-import-type-side-effects',
    file: 'src/domain/planted-side-effect.ts',
    source: "import { type It } from './it.ts';\nexport type Use = It;\n",
  },
  ...[
    "test.skip('heals', () => undefined);",
    "test.only.each([1])('heals %d', () => undefined);",
    "test.todo('heals');",
  ].map((statement, index) => ({
    what: `a test that does not run, or keeps others from it: ${statement.slice(0, 9)}`,
    rule: SYNTAX,
    file: `test/unit/planted-${index}.test.ts`,
    source: `import { test } from '@jest/globals';\n${statement}\n`,
  })),
  {
    what: 'a module of ours that is replaced in a test',
    rule: SYNTAX,
    file: 'test/unit/planted-mock.test.ts',
    source: "import { jest } from '@jest/globals';\njest.mock('../../src/domain/it.ts');\n",
  },
];

const allowed: Readonly<Record<string, string>> = {
  'src/config/environment.ts': "export const home = (): string | undefined => process.env['HOME'];\n",
  'workers/environment.ts': "export const home = (): string | undefined => process.env['HOME'];\n",
  'src/domain/it.ts': 'export type It = number;\n',
  'activities/execute.ts': 'export const execute = (): number => 1;\n',
  'workers/logging.ts': logging("log.info({ name }, 'healed');"),
};

interface FileReport {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly message: string; readonly severity: number }[];
}

let tree: PlantedTree;
let reports: ReadonlyMap<string, FileReport>;

beforeAll(async () => {
  tree = await PlantedTree.create({
    ...allowed,
    ...Object.fromEntries(plants.map(({ file, source }) => [file, source])),
  });
  const { stdout } = await tree.run('node_modules/eslint/bin/eslint.js', '--format', 'json', '.');
  const parsed = JSON.parse(stdout) as readonly FileReport[];
  reports = new Map(parsed.map((report) => [report.filePath.slice(tree.path.length + 1), report]));
});

afterAll(async () => {
  await tree.remove();
});

const errorsIn = (file: string): readonly (string | null)[] => [
  ...new Set(
    reports
      .get(file)
      ?.messages.filter(({ severity }) => severity === 2)
      .map(({ ruleId }) => ruleId),
  ),
];

describe('lint', () => {
  test.each(plants)('refuses $what', ({ rule, file }) => {
    expect(errorsIn(file)).toEqual([rule]);
  });

  test.each(Object.keys(allowed))('has nothing against %s', (file) => {
    expect(reports.get(file)?.messages).toEqual([]);
  });
});
