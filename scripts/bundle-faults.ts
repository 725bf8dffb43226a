/** Workflows live in the thousands in one process: what their bundle loads, each of them pays for. */
const LIMIT_BYTES = 1.8 * 1024 * 1024;

/** What the workflow half of the SDK is made of; ours is a handful of files beside it. */
const ALLOWED_PACKAGES = ['@temporalio/workflow', '@temporalio/common', 'long', 'ms', 'nexus-rpc'];

const SOURCE_MAP = /\/\/# sourceMappingURL=data:application\/json;[^,]*base64,(\S+)\s*$/;

/** Why this bundle must not be used, one line each; empty if it may. The bundle carries its source map. */
export function bundleFaults(code: string): readonly string[] {
  const size = Buffer.byteLength(code);
  const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(2)} MiB`;
  const encoded = SOURCE_MAP.exec(code)?.[1];
  const foreign =
    encoded === undefined
      ? ['the bundle has no source map that says what it is made of']
      : packagesOf(encoded)
          .filter((name) => !ALLOWED_PACKAGES.includes(name))
          .map((name) => `package ${name} is in the bundle: import only its types, or do that work in an activity`);
  return size > LIMIT_BYTES ? [`the bundle has ${mib(size)}, ${mib(LIMIT_BYTES)} are allowed`, ...foreign] : foreign;
}

function packagesOf(sourceMap: string): readonly string[] {
  const { sources } = JSON.parse(Buffer.from(sourceMap, 'base64').toString()) as {
    readonly sources: readonly string[];
  };
  const names = sources.map((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}
