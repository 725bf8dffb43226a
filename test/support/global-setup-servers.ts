import { locatePrograms } from '../../src/local/servers/locate.ts';
import { programNames } from '../../src/local/servers/programs.ts';

/** Downloads or builds the servers that are missing before the first test asks for one and waits in vain. */
export default async function globalSetup(): Promise<void> {
  await locatePrograms(programNames, {
    say: (line) => {
      process.stderr.write(`${line}\n`);
    },
  });
}
