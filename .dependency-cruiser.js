/*
 * Who may import whom. Each layer names what it may reach; everything else is an error. "At run time" leaves out
 * imports of types, which vanish before the code runs.
 */
const TYPES = ['type-only', 'type-import'];
/** Packages of npm, whatever kind of dependency they are. */
const PACKAGES = 'node_modules/';

/** `from` may import nothing but `may` (regular expressions on paths; Node's own modules only if `core`). */
const only = (name, comment, from, may, { runtime = false, core = false } = {}) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: {
    pathNot: may,
    ...(runtime || core ? { dependencyTypesNot: [...(runtime ? TYPES : []), ...(core ? ['core'] : [])] } : {}),
  },
});

/** Nobody but `by` may import `what`. */
const closed = (name, comment, what, by) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: by },
  to: { path: what },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    only(
      'domain-is-pure',
      'The core decides and does nothing else: no package, no Node module, no other layer at run time.',
      '^src/domain/',
      ['^src/domain/'],
      { runtime: true },
    ),
    only('domain-knows-only-the-api', 'Even its types are its own or the API’s.', '^src/domain/', [
      '^src/(domain|api)/',
    ]),
    only(
      'api-stands-alone',
      'The API’s shapes and names are what everybody else builds on.',
      '^src/api/',
      ['^src/api/'],
      { core: true },
    ),
    only('ports-are-types', 'Interfaces: nothing is left of them at run time.', '^src/ports/', [], { runtime: true }),
    only('ports-know-only-the-core', 'A port speaks the language of the domain.', '^src/ports/', [
      '^src/(ports|domain|api)/',
    ]),
    only(
      'workflows-stay-pure',
      'A workflow replays: at run time it reaches the pure core and the workflow half of the SDK, nothing else.',
      '^workflows/',
      ['^workflows/', '^src/domain/', '^src/api/temporal-names\\.ts$', 'node_modules/@temporalio/(workflow|common)/'],
      { runtime: true },
    ),
    only('workflows-know-no-process', 'Not even the types of what composes, serves or tests.', '^workflows/', [
      '^workflows/',
      '^activities/',
      '^src/(domain|api|ports)/',
      'node_modules/@temporalio/',
    ]),
    only(
      'activities-use-ports',
      'A step is written against ports and registries; which server is behind a port is not its business.',
      '^activities/',
      [
        '^activities/',
        '^src/(domain|api|ports|actions|triggers|analyzers)/',
        '^src/errors\\.ts$',
        'node_modules/@temporalio/(activity|common)/',
      ],
      { core: true },
    ),
    ...Object.entries({
      actions: [`${PACKAGES}yaml/`], // the authors of patches write it
      triggers: [],
      analyzers: [PACKAGES],
    }).map(([registry, packages]) =>
      only(
        `${registry}-know-no-layer`,
        'An extension sees the API, the core and the ports: so it can be written and tested alone.',
        `^src/${registry}/`,
        [`^src/(${registry}|domain|api|ports)/`, '^src/errors\\.ts$', ...packages],
        { core: true },
      ),
    ),
    only(
      'adapters-implement-ports',
      'An adapter turns a port into calls to one server; it knows no step, no process, no sibling’s layer.',
      '^src/adapters/',
      ['^src/(adapters|ports|domain|api|telemetry)/', '^src/errors\\.ts$', PACKAGES],
      { core: true },
    ),
    ...['watcher', 'detector'].map((part) =>
      only(
        `${part}-uses-ports`,
        'What sees and hands over is tested without servers: ports, never adapters.',
        `^src/${part}/`,
        [`^src/(${part}|domain|api|ports|triggers|telemetry)/`, '^src/errors\\.ts$'],
        { core: true },
      ),
    ),
    only(
      'telemetry-knows-no-layer',
      'Everybody may log and count.',
      '^src/telemetry/',
      ['^src/(telemetry|domain|api|ports)/', PACKAGES],
      { core: true },
    ),
    only('config-stands-alone', 'Read once, by whoever composes.', '^src/config/', ['^src/(config|api)/', PACKAGES], {
      core: true,
    }),
    only(
      'local-heals-nothing',
      'Servers and a kubelet: what they show would prove nothing if they knew the healer.',
      '^src/local/(?!demo/)',
      ['^src/local/(?!demo/)', '^src/(adapters|ports|domain|api|telemetry)/', PACKAGES],
      { core: true },
    ),
    only(
      'demo-only-looks-on',
      'The demo breaks things and reads what becomes of them; it may read a condition as a trigger does.',
      '^src/local/demo/',
      ['^src/(local|adapters|ports|domain|api|telemetry|triggers)/', PACKAGES],
      { core: true },
    ),
    closed('local-is-for-development', 'Nothing that is deployed reaches the local servers.', '^src/local/', [
      '^src/(local|cli)/',
      '^(test|scripts)/',
    ]),
    closed('nobody-imports-workers', 'Composition is at the top; the build makes its bundle.', '^workers/', [
      '^workers/',
      '^src/cli/',
      '^test/',
      '^scripts/bundle\\.ts$',
    ]),
    closed('nobody-imports-the-cli', 'The command line is at the very top.', '^src/cli/', ['^src/cli/', '^test/']),
    closed('nobody-imports-scripts', 'Scripts serve the developer, not the program.', '^scripts/', [
      '^scripts/',
      '^test/',
    ]),
    closed('nobody-imports-tests', 'Tests see everything and are seen by nobody.', '^test/', ['^test/']),
    {
      name: 'no-circular',
      comment: 'A cycle is one module in several files.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Imports nothing, imported by nobody. The programs of the local kubelet are started by path.',
      severity: 'error',
      from: { orphan: true, pathNot: '^src/local/programs/' },
      to: {},
    },
    {
      name: 'not-to-unresolvable',
      comment: 'There is no such file or package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependency',
      comment: 'What is deployed is installed without development dependencies.',
      severity: 'error',
      from: { path: '^(src|workflows|activities|workers)/', pathNot: '^src/local/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: TYPES },
    },
    {
      name: 'no-undeclared-dependency',
      comment: 'A package that is there only because another one needs it may vanish with that one.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^test/fixtures/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
