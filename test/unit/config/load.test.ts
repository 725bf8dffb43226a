import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubeskippy-config-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

let files = 0;
const file = (text: string): string => {
  const path = join(directory, `${(files += 1)}.yaml`);
  writeFileSync(path, text);
  return path;
};

describe('configuration', () => {
  test('has safe defaults for everything', () => {
    expect(loadConfig({})).toMatchObject({
      temporal: { address: '127.0.0.1:7233', namespace: 'default' },
      approvals: { acceptSignals: true },
      safety: { dryRun: false, protectedNamespaces: expect.arrayContaining(['kube-system', 'kubeskippy-system']) },
      analysis: { analyzer: 'rules' },
      log: { level: 'info' },
    });
  });

  test.each<[string, Record<string, string>, boolean, boolean]>([
    ['on a laptop signals count', {}, true, false],
    ['in a pod they do not, and identity is demanded', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, false, true],
    [
      'in a pod they do if somebody says so',
      { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBESKIPPY_ACCEPT_SIGNALS: 'true' },
      true,
      false,
    ],
    ['without signals identity is demanded', { KUBESKIPPY_ACCEPT_SIGNALS: 'false' }, false, true],
    [
      'unless somebody says otherwise',
      { KUBESKIPPY_ACCEPT_SIGNALS: 'false', KUBESKIPPY_REQUIRE_IDENTITY: 'false' },
      false,
      false,
    ],
    ['who demands identity takes no signals', { KUBESKIPPY_REQUIRE_IDENTITY: 'true' }, false, true],
  ])('%s', (_name, environment, acceptSignals, requireIdentity) => {
    expect(loadConfig(environment).approvals).toEqual({ acceptSignals, requireIdentity });
  });

  test('comes from a file, over which the environment wins', () => {
    const path = file('temporal: {address: "a:1", namespace: healing}\nsafety: {dryRun: true}\n');
    expect(loadConfig({ KUBESKIPPY_TEMPORAL_ADDRESS: 'b:2' }, path)).toMatchObject({
      temporal: { address: 'b:2', namespace: 'healing' },
      safety: { dryRun: true },
    });
  });

  test.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('reads %j as %p', (text, value) => {
    expect(loadConfig({ KUBESKIPPY_DRY_RUN: text }).safety.dryRun).toBe(value);
  });

  test('takes an empty variable and an empty file for nothing', () => {
    expect(loadConfig({ KUBESKIPPY_DRY_RUN: '' }, file(''))).toEqual(loadConfig({}));
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a setting that nobody knows', () => loadConfig({}, file('saftey: {dryRun: true}')), /Unrecognized key.*saftey/s],
    ['a value of another kind', () => loadConfig({ KUBESKIPPY_METRICS_PORT: 'many' }), /metrics\.port/],
    ['a truth that is none', () => loadConfig({ KUBESKIPPY_ACCEPT_SIGNALS: 'maybe' }), /approvals\.acceptSignals/],
    ['a port that is none', () => loadConfig({ KUBESKIPPY_METRICS_PORT: '70000' }), /metrics\.port/],
    [
      'a Prometheus that is no address',
      () => loadConfig({ KUBESKIPPY_PROMETHEUS_URL: 'prometheus' }),
      /prometheus\.url/,
    ],
    ['another kind of address', () => loadConfig({ KUBESKIPPY_PROMETHEUS_URL: 'ftp://x' }), /prometheus\.url/],
    ['an age that is none', () => loadConfig({ KUBESKIPPY_PROMETHEUS_LOOKBACK_MS: '0' }), /prometheus\.lookbackMs/],
    ['an analyzer that nobody has', () => loadConfig({ KUBESKIPPY_ANALYZER: 'oracle' }), /analysis\.analyzer/],
    [
      'a section that is none, although a variable sets something in it',
      () => loadConfig({ KUBESKIPPY_TEMPORAL_ADDRESS: 'b:2' }, file('temporal: "a:1"')),
      /expected object, received string\s.*temporal/,
    ],
    [
      'a section that is a list',
      () => loadConfig({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, file('approvals: [requireIdentity]')),
      /expected object, received array\s.*approvals/,
    ],
    ['a file that is a list', () => loadConfig({}, file('- a')), /must hold a mapping/],
    ['a file that is no YAML', () => loadConfig({}, file('a: [')), /configuration file .*\.yaml cannot be read/],
    [
      'a file that is not there',
      () => loadConfig({}, join(directory, 'nothing.yaml')),
      /configuration file .*nothing\.yaml cannot be read/,
    ],
  ])('refuses %s with words', (_what, load, words) => {
    expect(load).toThrow(words);
  });

  test('names every wrong setting at once', () => {
    const load = () => loadConfig({ KUBESKIPPY_METRICS_PORT: '-1', KUBESKIPPY_LOG_LEVEL: 'loud' });
    expect(load).toThrow(/metrics\.port[\s\S]*log\.level|log\.level[\s\S]*metrics\.port/);
  });

  test('cannot be changed once it is loaded', () => {
    const config = loadConfig({}) as { safety: { dryRun: boolean } };
    expect(() => {
      config.safety.dryRun = true;
    }).toThrow(TypeError);
  });
});
