import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { exclusively, tryExclusive } from '../../../../src/local/servers/exclusive.ts';
import { temporaryDirectory } from '../../../support/local/temporary-directory.ts';

const never = (): never => {
  throw new Error('nobody holds it');
};

test('work under the same right is done by one at a time, all of it', async () => {
  const key = temporaryDirectory();
  let inside = 0;
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      exclusively(
        key,
        () => undefined,
        async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
          return index;
        },
      ),
    ),
  );
  expect(most).toBe(1);
  expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('the right is given back when the work fails', async () => {
  const key = temporaryDirectory();
  await expect(exclusively(key, never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await exclusively(key, never, async () => 'next')).toBe('next');
});

test('rights of other names do not wait for each other', async () => {
  const first = await tryExclusive(temporaryDirectory());
  const second = await tryExclusive(temporaryDirectory());
  expect([first, second]).toEqual([{ release: expect.any(Function) }, { release: expect.any(Function) }]);
  for (const right of [first, second]) if ('release' in right) await right.release();
});

test('a holder that is killed leaves nothing behind: who waits goes on', async () => {
  const key = temporaryDirectory();
  const module = new URL('../../../../src/local/servers/exclusive.ts', import.meta.url).href;
  const program = `const { tryExclusive } = await import(${JSON.stringify(module)});
    await tryExclusive(${JSON.stringify(key)}); process.stdout.write('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const heldBy = Promise.withResolvers<string>();
  const result = exclusively(key, heldBy.resolve, async () => 'after');
  expect(await heldBy.promise).toBe(`pid ${holder.pid}`);
  holder.kill('SIGKILL');
  expect(await result).toBe('after');
});
