const LIMIT_BYTES = 1_800_000;
/** Without the source map. Workflows live in the thousands in one process: what their code loads, each of them pays for. */
const CODE_LIMIT_BYTES = 800_000;

/** What the workflow half of the SDK is made of; ours is a handful of files beside it. */
const ALLOWED_PACKAGES = ['@temporalio/workflow', '@temporalio/common', 'long', 'ms', 'nexus-rpc'];

const SOURCE_MAP = /\/\/# sourceMappingURL=data:application\/json;[^,]*base64,(\S+)\s*$/;

/** Why this bundle must not be used, one line each; empty if it may. The bundle carries its source map. */
export function bundleFaults(code: string): readonly string[] {
  const map = SOURCE_MAP.exec(code);
  if (map?.[1] === undefined) return ['the bundle has no source map that says what it is made of'];
  const foreign = packagesOf(map[1]).filter((name) => !ALLOWED_PACKAGES.includes(name));
  return [
    ...tooLarge('the bundle', Buffer.byteLength(code), LIMIT_BYTES),
    ...tooLarge('the code of the bundle', Buffer.byteLength(code.slice(0, map.index)), CODE_LIMIT_BYTES),
    ...foreign.map((name) => `package ${name} is in the bundle: import only its types, or do that work in an activity`),
  ];
}

const tooLarge = (what: string, bytes: number, limit: number): readonly string[] =>
  bytes <= limit ? [] : [`${what} has ${(bytes / 1000).toFixed(0)} kB, ${(limit / 1000).toFixed(0)} kB are allowed`];

function packagesOf(sourceMap: string): readonly string[] {
  const { sources } = JSON.parse(Buffer.from(sourceMap, 'base64').toString()) as {
    readonly sources: readonly string[];
  };
  const names = sources.map((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}
