import { stringify } from 'yaml';

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
/** For people only: what a script reads comes on stdout. */
export const tell = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

export type DataFormat = 'json' | 'yaml';

export const printData = (value: unknown, format: DataFormat): void => {
  print(format === 'json' ? JSON.stringify(value, null, 2) : stringify(value, { lineWidth: 0 }).trimEnd());
};
