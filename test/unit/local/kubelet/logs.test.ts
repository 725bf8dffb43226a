import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LogFile } from '../../../../src/local/kubelet/log-file.ts';
import { readLog, type LogOptions } from '../../../../src/local/kubelet/log-reader.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubeskippy-logs-'));
  path = join(directory, '0.log');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function read(options: Partial<LogOptions> = {}): Promise<string> {
  let text = '';
  const wanted = { follow: false, timestamps: false, ...options };
  for await (const piece of readLog(path, wanted, () => false, new AbortController().signal)) text += piece;
  return text;
}

function write(...chunks: readonly string[]): void {
  const log = new LogFile(path);
  for (const chunk of chunks) log.append('stdout', chunk);
  log.close();
}

describe('writing and reading', () => {
  test('chunks become lines; an unfinished last line is not lost', async () => {
    write('one\ntw', 'o\n', 'thr', 'ee');
    expect(await read()).toBe('one\ntwo\nthree\n');
  });
  test('a line longer than a record comes back whole', async () => {
    const long = 'x'.repeat(40_000);
    write(`${long}\nshort\n`);
    expect(await read()).toBe(`${long}\nshort\n`);
  });
  test('text beyond ASCII', async () => {
    write('zurück → 日本\n');
    expect(await read()).toBe('zurück → 日本\n');
  });
  test('tail, limit, timestamps, since', async () => {
    write('1\n2\n3\n4\n');
    expect(await read({ tailLines: 2 })).toBe('3\n4\n');
    expect(await read({ tailLines: 0 })).toBe('');
    expect(await read({ tailLines: 9 })).toBe('1\n2\n3\n4\n');
    expect(await read({ limitBytes: 3 })).toBe('1\n2');
    expect(await read({ timestamps: true, tailLines: 1 })).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 4\n$/);
    expect(await read({ since: Date.now() + 60_000 })).toBe('');
    expect(await read({ since: Date.now() - 60_000 })).toBe('1\n2\n3\n4\n');
  });
  test('rotation keeps what came before in reach', async () => {
    const line = `${'y'.repeat(16_000)}\n`;
    const log = new LogFile(path);
    log.append('stdout', 'first\n');
    for (let written = 0; written < 10.5 * 1024 * 1024; written += line.length) log.append('stdout', line);
    log.append('stdout', 'last\n');
    log.close();
    const all = await read();
    expect(all.startsWith('first\n')).toBe(true);
    expect(all.endsWith('last\n')).toBe(true);
    const lines = all.split('\n').length - 1;
    expect((await read({ tailLines: lines - 1 })).startsWith('y')).toBe(true);
  });
});

test('following shows what comes later, and ends with the container', async () => {
  write('early\n');
  let live = true;
  const seen: string[] = [];
  const following = (async () => {
    for await (const piece of readLog(
      path,
      { follow: true, timestamps: false },
      () => live,
      new AbortController().signal,
    )) {
      seen.push(piece);
      if (piece === 'early\n') appendFileSync(path, '2030-01-01T00:00:00.000000000Z stdout F late\n');
      else live = false;
    }
  })();
  await following;
  expect(seen).toEqual(['early\n', 'late\n']);
});

test('following ends when the reader goes away', async () => {
  write('early\n');
  const reader = new AbortController();
  for await (const piece of readLog(path, { follow: true, timestamps: false }, () => true, reader.signal)) {
    expect(piece).toBe('early\n');
    reader.abort();
  }
});
