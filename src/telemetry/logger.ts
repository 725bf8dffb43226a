import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/** JSON lines on stderr; stdout belongs to what a command prints. Constant message, variable fields, object first. */
export function createLogger(name: string, level: string): Logger {
  return pino({ name, level }, pino.destination(2));
}
