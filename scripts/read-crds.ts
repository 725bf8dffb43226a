import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Schema } from '../src/adapters/kubernetes/crd-schema.ts';
import type { CrdSource } from './crd-types.ts';

interface Crd {
  readonly kind: string;
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly storage: boolean;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** The stored version of every CRD in a directory, one CRD per file. Throws on anything else in there. */
export async function readCrds(directory: string): Promise<CrdSource[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.yaml')).sort();
  return Promise.all(
    files.map(async (file) => {
      const crd = parse(await readFile(join(directory, file), 'utf8')) as Crd;
      if (crd.kind !== 'CustomResourceDefinition') throw new Error(`${directory}/${file} is not a CRD: ${crd.kind}`);
      const version = crd.spec.versions.find(({ storage }) => storage);
      if (version === undefined) throw new Error(`${directory}/${file} stores no version`);
      return {
        file: `${directory}/${file}`,
        kind: crd.spec.names.kind,
        apiVersion: `${crd.spec.group}/${version.name}`,
        schema: version.schema.openAPIV3Schema,
      };
    }),
  );
}
