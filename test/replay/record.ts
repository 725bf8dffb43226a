/**
 * Records the histories that later versions have to replay: `node test/replay/record.ts`. Starts everything for real,
 * walks through the scenarios, and replaces histories/<version> when all of them went as they should. Run it before a
 * release, and never for a version that was released: its histories are what is out there.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../src/local/stack.ts';
import { recordedHistory } from './recorded-history.ts';
import { RecordingSession } from './recording-session.ts';
import { scenarios } from './scenarios.ts';

const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};
const histories = join(import.meta.dirname, 'histories', version);
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interruption.abort(new Error(`interrupted by ${signal}`));
  });

const draft = await mkdtemp(join(tmpdir(), 'kubeskippy-histories-'));
try {
  const { signal } = interruption;
  const stack = await startStack({ kubelet: { crashBackoffBase: '1s' }, onProgress: say, signal });
  try {
    const session = await RecordingSession.open(stack, signal);
    for (const { name, record } of scenarios) {
      const began = Date.now();
      const handle = await record(session).catch((error: unknown) => {
        throw new Error(`scenario ${name} did not go as it should`, { cause: error });
      });
      const history = await handle.fetchHistory();
      await writeFile(join(draft, `${name}.json`), recordedHistory(history));
      say(`${name}: ${history.events?.length ?? 0} events, ${((Date.now() - began) / 1000).toFixed(1)} s`);
    }
    await session.close();
  } finally {
    await stack.stop();
  }
  await rm(histories, { recursive: true, force: true });
  await cp(draft, histories, { recursive: true });
  say(`wrote ${scenarios.length} histories of version ${version}`);
} finally {
  await rm(draft, { recursive: true, force: true });
}
