import { InvalidArgumentError, Option, type Command } from 'commander';
import { flagOf, USUAL_PORTS, type PortName, type Ports } from '../../local/servers/ports.ts';

const portNames = Object.keys(USUAL_PORTS) as PortName[];

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('a port is a whole number from 1 to 65535');
}

/** `--api-port`, `--temporal-ui-port` and so on: without them the usual port is taken, or another if that is in use. */
export function addPortOptions(command: Command): Command {
  for (const name of portNames)
    command.addOption(
      new Option(`--${flagOf(name)}-port <port>`, `(usually ${USUAL_PORTS[name]})`)
        .argParser(parsePort)
        .helpGroup('Ports on 127.0.0.1 (one that is in use is an error; without an option a free one is taken):'),
    );
  return command;
}

/** The ports that were asked for. */
export function portsFrom(options: Readonly<Record<string, unknown>>): Partial<Ports> {
  const asked = portNames.flatMap((name) => {
    const port = options[`${name}Port`];
    return typeof port === 'number' ? [[name, port] as const] : [];
  });
  return Object.fromEntries(asked);
}
