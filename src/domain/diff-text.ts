import type { KubeObject } from '../api/meta.ts';
import { desiredState } from './desired-state.ts';
import { leafDifferences, type Difference } from './object-diff.ts';
import { readablePath } from './object-path.ts';
import { isSecretValue } from './secret-name.ts';

/** As much as `status.plan.diff` takes. */
const MAX_DIFF = 2_048;
const MAX_VALUE = 240;
const OURS = /^(?:[^/]*\.)?kubeskippy\.io\//;

/** A value in one line: texts as they are, everything else as JSON. */
export function inWords(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' && !/[\n\r]/.test(value) ? value : JSON.stringify(value);
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE - 1)}…`;
}

/**
 * What is different in two states of one object, line by line: `- spec.replicas: 2`, `+ spec.replicas: 4`. Our own marks
 * are left out, and so are the values of variables that are called like secrets. At most 2,048 characters, by whole lines.
 */
export function diffText(before: KubeObject, after: KubeObject): string {
  const fields = leafDifferences(desiredState(before), desiredState(after)).filter(({ path }) => !isOurMark(path));
  return fields.length === 0 ? 'no field changes' : cutLines(fields.flatMap(linesOf));
}

/** What comes into being, line by line: everything but metadata. */
export function creationText(object: KubeObject): string {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = desiredState(object);
  return cutLines(leafDifferences({}, rest).flatMap(linesOf));
}

const isOurMark = (path: Difference['path']): boolean =>
  path[0] === 'metadata' && path[1] === 'annotations' && (path.length === 2 || OURS.test(path[2] ?? ''));

function linesOf({ path, before, after }: Difference): string[] {
  const field = readablePath(path);
  const shown = (value: unknown): string => (isSecretValue(path) ? '(hidden)' : inWords(value));
  return [
    ...(before === undefined ? [] : [`- ${field}: ${shown(before)}`]),
    ...(after === undefined ? [] : [`+ ${field}: ${shown(after)}`]),
  ];
}

function cutLines(lines: readonly string[]): string {
  const whole = lines.join('\n');
  if (whole.length <= MAX_DIFF) return whole;
  const room = MAX_DIFF - '… and 99999 lines more'.length;
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (length + line.length + 1 > room) break;
    kept.push(line);
    length += line.length + 1;
  }
  return [...kept, `… and ${lines.length - kept.length} lines more`].join('\n');
}
