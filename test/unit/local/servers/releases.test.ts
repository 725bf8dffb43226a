import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PROGRAMS } from '../../../../src/local/servers/programs.ts';
import { readReleases, releaseOf } from '../../../../src/local/servers/releases.ts';
import { temporaryDirectory } from '../../../support/local/temporary-directory.ts';

const RIGHT = {
  program: 'etcd',
  version: '3.6.8',
  platform: 'linux-x64',
  url: 'https://example.test/etcd',
  sha256: 'a'.repeat(64),
  checksumFrom: 'a test',
  format: 'binary',
};

function read(...releases: readonly object[]) {
  const file = join(temporaryDirectory(), 'releases.json');
  writeFileSync(file, JSON.stringify({ releases }));
  return readReleases(file);
}

test('a right release is read', () => {
  expect(read(RIGHT)).toEqual([RIGHT]);
});

test.each([
  ['no checksum', { ...RIGHT, sha256: undefined }],
  ['an empty checksum', { ...RIGHT, sha256: '' }],
  ['a checksum of another kind', { ...RIGHT, sha256: 'a'.repeat(40) }],
  ['no source of the checksum', { ...RIGHT, checksumFrom: undefined }],
  ['an unknown program', { ...RIGHT, program: 'kubelet' }],
  ['a file URL', { ...RIGHT, url: 'file:///etc/passwd' }],
  ['an archive without a member', { ...RIGHT, format: 'tar.gz' }],
  ['a member that climbs', { ...RIGHT, format: 'tar.gz', member: 'a/../../b' }],
  ['an absolute member', { ...RIGHT, format: 'tar.gz', member: '/bin/sh' }],
  ['a field that nobody reads', { ...RIGHT, sha512: 'b' }],
])('%s is refused', (_what, release) => {
  expect(() => read(release)).toThrow(/releases\.json/);
});

test('what ships is right and in the versions that the project wants', () => {
  const others = readReleases().filter(({ program, version }) => version !== PROGRAMS[program].version);
  expect(others).toEqual([]);
});

test('a release of another version or platform is not offered', () => {
  expect(releaseOf(read(RIGHT), 'etcd', 'linux-x64')?.url).toBe(RIGHT.url);
  expect(releaseOf(read(RIGHT), 'etcd', 'linux-arm64')).toBeUndefined();
  expect(releaseOf(read({ ...RIGHT, version: '3.6.7' }), 'etcd', 'linux-x64')).toBeUndefined();
});
