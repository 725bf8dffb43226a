import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PlantedTree } from '../support/architecture/planted-tree.ts';

interface Plant {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
  /** Rules that the same import breaks too. */
  readonly also?: readonly string[];
}

const value = (path: string): string => `import { it } from '${path}';\nexport const use = it;\n`;
const type = (path: string): string => `import type { It } from '${path}';\nexport type Use = It;\n`;

/** What the plants import; each file is in order itself. */
const STUB = 'export const it = 1;\nexport type It = number;\n';
const neighbours = [
  'src/api/names.ts',
  'src/domain/plan.ts',
  'src/ports/cluster.ts',
  'src/actions/restart.ts',
  'src/triggers/condition.ts',
  'src/adapters/kubernetes/cluster.ts',
  'src/watcher/watcher.ts',
  'src/local/servers.ts',
  'src/cli/main.ts',
  'activities/execute.ts',
  'workflows/heal.ts',
  'workers/worker.ts',
  'scripts/gen.ts',
  'test/support/builder.ts',
];

const plants: readonly Plant[] = [
  { rule: 'domain-is-pure', file: 'src/domain/planted-value.ts', source: value('../api/names.ts') },
  {
    rule: 'domain-is-pure',
    file: 'src/domain/planted-builtin.ts',
    source: "import { readFileSync } from 'node:fs';\nexport const use = readFileSync;\n",
    also: ['domain-knows-only-the-api'],
  },
  { rule: 'domain-knows-only-the-api', file: 'src/domain/planted-type.ts', source: type('../ports/cluster.ts') },
  { rule: 'api-stands-alone', file: 'src/api/planted.ts', source: type('../domain/plan.ts') },
  { rule: 'ports-are-types', file: 'src/ports/planted-value.ts', source: value('../domain/plan.ts') },
  { rule: 'ports-know-only-the-core', file: 'src/ports/planted-type.ts', source: type('../actions/restart.ts') },
  { rule: 'workflows-stay-pure', file: 'workflows/planted-value.ts', source: value('../activities/execute.ts') },
  {
    rule: 'workflows-stay-pure',
    file: 'workflows/planted-api.ts',
    source: value('../src/api/names.ts'), // a value of the API other than Temporal's names
  },
  { rule: 'workflows-know-no-process', file: 'workflows/planted-type.ts', source: type('../src/actions/restart.ts') },
  {
    rule: 'activities-use-ports',
    file: 'activities/planted.ts',
    source: type('../src/adapters/kubernetes/cluster.ts'),
  },
  { rule: 'actions-know-no-layer', file: 'src/actions/planted.ts', source: value('../triggers/condition.ts') },
  { rule: 'triggers-know-no-layer', file: 'src/triggers/planted.ts', source: value('../../activities/execute.ts') },
  {
    rule: 'analyzers-know-no-layer',
    file: 'src/analyzers/planted.ts',
    source: value('../adapters/kubernetes/cluster.ts'),
  },
  { rule: 'adapters-implement-ports', file: 'src/adapters/planted.ts', source: type('../../activities/execute.ts') },
  { rule: 'watcher-uses-ports', file: 'src/watcher/planted.ts', source: value('../adapters/kubernetes/cluster.ts') },
  { rule: 'detector-uses-ports', file: 'src/detector/planted.ts', source: type('../adapters/kubernetes/cluster.ts') },
  { rule: 'telemetry-knows-no-layer', file: 'src/telemetry/planted.ts', source: value('../watcher/watcher.ts') },
  { rule: 'config-stands-alone', file: 'src/config/planted.ts', source: type('../domain/plan.ts') },
  { rule: 'local-heals-nothing', file: 'src/local/planted.ts', source: value('../triggers/condition.ts') },
  { rule: 'demo-only-looks-on', file: 'src/local/demo/planted.ts', source: value('../../actions/restart.ts') },
  { rule: 'local-is-for-development', file: 'workers/planted-local.ts', source: value('../src/local/servers.ts') },
  { rule: 'nobody-imports-workers', file: 'scripts/planted-worker.ts', source: value('../workers/worker.ts') },
  { rule: 'nobody-imports-the-cli', file: 'workers/planted-cli.ts', source: value('../src/cli/main.ts') },
  { rule: 'nobody-imports-scripts', file: 'workers/planted-script.ts', source: value('../scripts/gen.ts') },
  { rule: 'nobody-imports-tests', file: 'scripts/planted-test.ts', source: value('../test/support/builder.ts') },
  { rule: 'no-circular', file: 'src/domain/planted-circle.ts', source: type('./second-half.ts') },
  { rule: 'no-orphans', file: 'src/domain/planted-orphan.ts', source: 'export const alone = 1;\n' },
  {
    rule: 'not-to-unresolvable',
    file: 'src/domain/planted-missing.ts',
    source: value('./no-such-file.ts'),
    also: ['domain-is-pure', 'domain-knows-only-the-api'],
  },
  {
    rule: 'no-dev-dependency',
    file: 'workers/planted-dev.ts',
    source: "import { assert } from 'fast-check';\nexport const use = assert;\n",
  },
  {
    rule: 'no-undeclared-dependency',
    file: 'workers/planted-transitive.ts',
    source: "import long from 'long';\nexport const use = long;\n", // a package of a package
  },
];

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
  };
}

const keepAlive = neighbours.map((file) => `import '../${file}';`).join('\n');
let tree: PlantedTree;
let report: Report;

beforeAll(async () => {
  tree = await PlantedTree.create({
    ...Object.fromEntries(neighbours.map((file) => [file, STUB])),
    'src/domain/second-half.ts': type('./planted-circle.ts').replace('type Use', 'type It'),
    ...Object.fromEntries(plants.map(({ file, source }) => [file, source])),
    'test/all.test.ts': keepAlive, // so that no neighbour is an orphan
  });
  const folders = ['src', 'workflows', 'activities', 'workers', 'scripts', 'test'];
  const { stdout } = await tree.run(
    'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    '--output-type',
    'json',
    ...folders,
  );
  report = JSON.parse(stdout) as Report;
});

afterAll(async () => {
  await tree.remove();
});

const brokenBy = (file: string): readonly string[] =>
  [...new Set(report.summary.violations.filter(({ from }) => from === file).map(({ rule }) => rule.name))].sort();

describe('import rules', () => {
  test.each(plants)('$rule bites on $file', ({ rule, file, also = [] }) => {
    expect(brokenBy(file)).toEqual([rule, ...also].sort());
  });

  test('no rule is without a plant', () => {
    const rules = report.summary.ruleSetUsed.forbidden.map(({ name }) => name);
    expect(rules.filter((name) => !plants.some(({ rule }) => rule === name))).toEqual([]);
  });

  test('what is in order is left alone', () => {
    const planted = new Set(plants.map(({ file }) => file));
    expect(report.summary.violations.filter(({ from }) => !planted.has(from))).toEqual([]);
  });
});
