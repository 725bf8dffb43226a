import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { locatePrograms } from '../../../../src/local/servers/locate.ts';
import type { Release } from '../../../../src/local/servers/releases.ts';
import { temporaryDirectory } from '../../../support/local/temporary-directory.ts';

const PROGRAM = Buffer.from(`#!/bin/sh\necho prometheus\n${'# filler\n'.repeat(5000)}`);
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/prometheus`;
}

function machine() {
  const root = temporaryDirectory();
  const lines: string[] = [];
  const env: NodeJS.ProcessEnv = { PATH: `${root}/bin`, XDG_CACHE_HOME: `${root}/cache`, HOME: root };
  const directory = join(root, 'cache/kubeskippy/prometheus-3.16.0');
  const say = (line: string): void => void lines.push(line);
  return {
    root,
    lines,
    directory,
    program: join(directory, 'prometheus'),
    locate: (release: Release) => locatePrograms(['prometheus'], { env, say, releases: [release], modules: root }),
  };
}

const release = (url: string, content: Buffer, archive = false): Release => ({
  program: 'prometheus',
  version: '3.16.0',
  platform: `${process.platform}-${process.arch}`,
  url,
  sha256: sha256(content),
  checksumFrom: 'this test',
  ...(archive ? { format: 'tar.gz', member: 'prometheus-3/prometheus' } : { format: 'binary' }),
});

function archiveOf(content: Buffer): Buffer {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'prometheus-3'));
  writeFileSync(join(directory, 'prometheus-3/prometheus'), content);
  execFileSync('tar', ['-czf', 'a.tar.gz', 'prometheus-3'], { cwd: directory });
  return readFileSync(join(directory, 'a.tar.gz'));
}

describe('right content', () => {
  test('as a plain file is installed, runs, and is not downloaded twice', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests++;
      response.end(PROGRAM);
    });
    const { locate, program } = machine();
    expect(await locate(release(url, PROGRAM))).toEqual({ prometheus: program });
    expect(execFileSync(program, { encoding: 'utf8' })).toBe('prometheus\n');
    await locate(release(url, PROGRAM));
    expect(requests).toBe(1);
  });

  test('in an archive is unpacked', async () => {
    const archive = archiveOf(PROGRAM);
    const url = await serve((_request, response) => response.end(archive));
    const { locate, program, directory } = machine();
    await locate(release(url, archive, true));
    expect(readFileSync(program)).toEqual(PROGRAM);
    expect(existsSync(join(directory, '.unpacked'))).toBe(false);
    expect(existsSync(join(directory, 'prometheus.tar.gz.part'))).toBe(false);
  });
});

describe('what is not the pinned content is never installed', () => {
  test('wrong bytes', async () => {
    const url = await serve((_request, response) => response.end(Buffer.from('#!/bin/sh\necho evil\n')));
    const { locate, program, directory } = machine();
    await expect(locate(release(url, PROGRAM))).rejects.toThrow(
      new RegExp(`the download failed: ${url} has SHA-256 [0-9a-f]{64} \\(20 bytes\\), pinned is ${sha256(PROGRAM)}`),
    );
    expect(existsSync(program)).toBe(false);
    expect(existsSync(join(directory, 'prometheus.binary.part'))).toBe(false);
  });

  test('a stream that the server cuts', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': PROGRAM.length });
      response.write(PROGRAM.subarray(0, 1000), () => response.destroy());
    });
    const { locate, program } = machine();
    await expect(locate(release(url, PROGRAM))).rejects.toThrow('the download failed');
    expect(existsSync(program)).toBe(false);
  });

  test('a short answer that ends properly', async () => {
    const url = await serve((_request, response) => response.end(PROGRAM.subarray(0, 1000)));
    const { locate, program } = machine();
    await expect(locate(release(url, PROGRAM))).rejects.toThrow('(1000 bytes), pinned is');
    expect(existsSync(program)).toBe(false);
  });

  test('an archive without the member', async () => {
    const archive = archiveOf(PROGRAM);
    const url = await serve((_request, response) => response.end(archive));
    const { locate, program } = machine();
    const wrong = { ...release(url, archive, true), member: 'elsewhere/prometheus' };
    await expect(locate(wrong)).rejects.toThrow('tar could not unpack elsewhere/prometheus');
    expect(existsSync(program)).toBe(false);
  });
});

test('an interrupted download goes on where it stopped', async () => {
  const ranges: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    ranges.push(request.headers.range);
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (ranges.length === 1) {
      response.writeHead(200, { 'content-length': PROGRAM.length });
      response.write(PROGRAM.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50));
    } else {
      response.writeHead(206, { 'content-range': `bytes ${from}-${PROGRAM.length - 1}/${PROGRAM.length}` });
      response.end(PROGRAM.subarray(from));
    }
  });
  const { locate, program } = machine();
  await expect(locate(release(url, PROGRAM))).rejects.toThrow('the download failed');
  await locate(release(url, PROGRAM));
  expect(ranges).toEqual([undefined, 'bytes=1000-']);
  expect(readFileSync(program)).toEqual(PROGRAM);
});

test('what was left of another file is thrown away and fetched anew', async () => {
  const url = await serve((request, response) => {
    if (request.headers.range === undefined) response.end(PROGRAM);
    else response.writeHead(206).end(PROGRAM.subarray(7));
  });
  const { locate, program, directory } = machine();
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'prometheus.binary.part'), 'garbage');
  await locate(release(url, PROGRAM));
  expect(readFileSync(program)).toEqual(PROGRAM);
});

test('a server that refuses or cannot be reached is named, and a build is tried instead', async () => {
  const url = await serve((_request, response) => response.writeHead(404).end());
  const { locate, lines } = machine();
  await expect(locate(release(url, PROGRAM))).rejects.toThrow(`the download failed: ${url} answered HTTP 404`);
  expect(lines.join('\n')).toContain('building it instead');
  const nobody = 'http://127.0.0.1:9/prometheus';
  await expect(machine().locate(release(nobody, PROGRAM))).rejects.toThrow(
    /the download failed: http.*(refused|bad port)/,
  );
});

test('programs of one build are downloaded only if all that are missing are pinned', async () => {
  const { root } = machine();
  const lines: string[] = [];
  let requests = 0;
  const url = await serve((_request, response) => {
    requests++;
    response.end(PROGRAM);
  });
  const env: NodeJS.ProcessEnv = { PATH: `${root}/bin`, XDG_CACHE_HOME: `${root}/cache`, HOME: root };
  const etcd: Release = { ...release(url, PROGRAM), program: 'etcd', version: '3.6.8' };
  const options = { env, say: (line: string) => void lines.push(line), releases: [etcd], modules: root };
  await expect(locatePrograms(['etcd', 'kube-apiserver'], options)).rejects.toThrow('no download is pinned');
  expect(requests).toBe(0);
  await locatePrograms(['etcd'], options);
  expect(requests).toBe(1);
});
