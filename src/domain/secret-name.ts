import type { Path } from './object-path.ts';

const SECRET_NAME = /pass(?:word|wd|phrase)?|secret|token|credential|(?:api|access|private|signing).?key/i;

/** Whether an environment variable of this name probably holds a secret. */
export const looksSecret = (name: string): boolean => SECRET_NAME.test(name);

/** Whether this is the literal value of such a variable: `….env[DB_PASSWORD].value`, list items by their names. */
export const isSecretValue = (path: Path): boolean =>
  path.at(-1) === 'value' && path.at(-3) === 'env' && looksSecret(path.at(-2) ?? '');
