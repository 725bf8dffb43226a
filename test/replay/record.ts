/**
 * Records the histories that later versions have to replay: `node test/replay/record.ts [SCENARIO...]`. Starts everything
 * for real, walks through the scenarios, and replaces histories/<version> when all of them went as they should. Given names,
 * it goes no further than to the last of these and replaces only theirs. Run it before a release, and never for a version
 * that was released: its histories are what is out there.
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
const wanted = new Set(process.argv.slice(2));
const unknown = [...wanted].filter((name) => scenarios.every((scenario) => scenario.name !== name));
if (unknown.length > 0) throw new Error(`there is no scenario ${unknown.join(', ')}`);
const isWanted = (name: string): boolean => wanted.size === 0 || wanted.has(name);
const walked = scenarios.slice(0, scenarios.findLastIndex(({ name }) => isWanted(name)) + 1);

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
    for (const { name, record } of walked) {
      const began = Date.now();
      const handle = await record(session).catch((error: unknown) => {
        throw new Error(`scenario ${name} did not go as it should`, { cause: error });
      });
      const history = await handle.fetchHistory();
      if (isWanted(name)) await writeFile(join(draft, `${name}.json`), recordedHistory(history));
      say(`${name}: ${history.events?.length ?? 0} events, ${((Date.now() - began) / 1000).toFixed(1)} s`);
    }
    await session.close();
  } finally {
    await stack.stop();
  }
  if (wanted.size === 0) await rm(histories, { recursive: true, force: true });
  await cp(draft, histories, { recursive: true });
  say(`wrote ${walked.filter(({ name }) => isWanted(name)).length} histories of version ${version}`);
} finally {
  await rm(draft, { recursive: true, force: true });
}
