import { InvalidArgumentError } from 'commander';

/** The value of an option such as `--timeout 30`. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new InvalidArgumentError('give a number of seconds, such as 30');
}
