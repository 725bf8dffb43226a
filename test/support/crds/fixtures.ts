import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { KubeObject } from '../../../src/api/meta.ts';

/** An object that the API server must refuse; the expectations stand in comments at the head of its file. */
export interface WrongObject {
  readonly name: string;
  readonly object: KubeObject;
  /** What the answer must contain, `# refused: …`, once or more. */
  readonly refused: readonly string[];
  /** Whether validation without a server finds it wrong too; `# offline: accepted` marks what only CEL sees. */
  readonly offline: 'refused' | 'accepted';
}

export interface RightObject {
  readonly name: string;
  readonly object: KubeObject;
}

const ROOT = 'test/fixtures/crds';
const files = (directory: string): string[] =>
  readdirSync(join(ROOT, directory))
    .filter((file) => file.endsWith('.yaml'))
    .sort();
const read = (directory: string, file: string): string => readFileSync(join(ROOT, directory, file), 'utf8');

export const rightObjects = (): RightObject[] =>
  files('valid').map((file) => ({ name: file.replace('.yaml', ''), object: parse(read('valid', file)) as KubeObject }));

export function wrongObjects(): WrongObject[] {
  return files('invalid').map((file) => {
    const text = read('invalid', file);
    const refused = [...text.matchAll(/^# refused: (.+)$/gm)].map(([, expected = '']) => expected);
    if (refused.length === 0) throw new Error(`${file} does not say what is wrong with it: "# refused: …" is missing`);
    return {
      name: file.replace('.yaml', ''),
      object: parse(text) as KubeObject,
      refused,
      offline: /^# offline: accepted$/m.test(text) ? 'accepted' : 'refused',
    };
  });
}
