import { isAbsent, isJsonObject, type Path } from './object-path.ts';

const SECRET_NAME = /pass(?:word|wd|phrase)?|secret|token|credential|(?:api|access|private|signing).?key/i;

/** Whether an environment variable of this name probably holds a secret. */
const looksSecret = (name: string): boolean => SECRET_NAME.test(name);

const INDEX = /^\d+$/;

/**
 * Whether this may be the literal value of such a variable: `….env[DB_PASSWORD].value`. Where a name stands twice, items go
 * by index, and then any of them may be.
 */
export function isSecretValue(path: Path): boolean {
  const item = path.at(-2) ?? '';
  return path.at(-1) === 'value' && path.at(-3) === 'env' && (looksSecret(item) || INDEX.test(item));
}

export interface LiteralSecret {
  /** Of the value, with indexes of list items. */
  readonly path: Path;
  /** Name of the variable. */
  readonly variable: string;
}

/** Where an object holds the values of such variables itself; deep, for pods are described at many places. */
export function literalSecrets(value: unknown, path: Path = []): LiteralSecret[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => literalSecrets(item, [...path, String(index)]));
  if (!isJsonObject(value)) return [];
  const { name, value: literal } = value;
  const isSecret = path.at(-2) === 'env' && typeof name === 'string' && looksSecret(name) && !isAbsent(literal);
  return [
    ...(isSecret ? [{ path: [...path, 'value'], variable: name }] : []),
    ...Object.entries(value).flatMap(([key, inner]) => literalSecrets(inner, [...path, key])),
  ];
}
