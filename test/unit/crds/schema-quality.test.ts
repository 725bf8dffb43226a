import { describe, expect, test } from '@jest/globals';
import { readCrds } from '../../../scripts/read-crds.ts';
import type { Schema } from '../../../src/adapters/kubernetes/crd-schema.ts';
import { DEFAULTS, ACTION_CONDITIONS, POLICY_CONDITIONS, REASONS } from '../../../src/api/constants.ts';
import { parseDuration } from '../../../src/domain/duration.ts';
import { wrongObjects } from '../../support/crds/fixtures.ts';
import { largestJson } from '../../support/crds/largest-json.ts';
import { nodesOf } from '../../support/crds/schema-nodes.ts';

const crds = await readCrds('crds');
const schemaOf = (kind: string): Schema => {
  const found = crds.find((crd) => crd.kind === kind);
  if (found === undefined) throw new Error(`no CRD of kind ${kind}`);
  return found.schema;
};
const nodes = crds.flatMap(({ kind, schema }) => nodesOf(schema, kind));
const failing = (isWrong: (schema: Schema, path: string) => boolean): string[] =>
  nodes.filter(({ schema, path }) => isWrong(schema, path)).map(({ path }) => path);
const rulesOf = (schema: Schema): { rule: string; message?: string }[] =>
  (schema['x-kubernetes-validations'] ?? []) as { rule: string; message?: string }[];

describe('what people read', () => {
  test('every field has a description that is a sentence', () => {
    expect(nodes.length).toBeGreaterThan(250);
    expect(
      failing(({ description }) => typeof description !== 'string' || !/^[A-Z0-9`'].{8,}[.]$/s.test(description)),
    ).toEqual([]);
  });

  test('every rule says in words what is wrong', () => {
    expect(failing((schema) => rulesOf(schema).some(({ message = '' }) => message.length < 20))).toEqual([]);
  });

  test('every rule has a wrong object that it refuses', () => {
    const expected = wrongObjects().flatMap(({ refused }) => refused);
    const messages = nodes.flatMap(({ schema }) => rulesOf(schema).filter(({ rule }) => !rule.includes('oldSelf')));
    const untested = messages.filter(({ message = '' }) => !expected.some((part) => message.includes(part)));
    expect([...new Set(untested.map(({ message }) => message))]).toEqual([]);
  });

  test('every pattern has a rule that says the same in words, where people write the value', () => {
    const written = (path: string): boolean => path.includes('.spec');
    expect(
      failing(
        (schema, path) =>
          typeof schema['pattern'] === 'string' &&
          written(path) &&
          !rulesOf(schema).some(({ rule }) => rule.includes(`self.matches('${String(schema['pattern'])}')`)),
      ),
    ).toEqual([]);
  });
});

describe('bounds', () => {
  test('every string, list and map is bounded', () => {
    const unbounded = (schema: Schema): boolean =>
      (schema['type'] === 'string' && schema['enum'] === undefined && schema['maxLength'] === undefined) ||
      (schema['type'] === 'array' && schema['maxItems'] === undefined) ||
      (schema['additionalProperties'] !== undefined && schema['maxProperties'] === undefined);
    expect(failing(unbounded)).toEqual([]);
  });

  test('every list says how it merges, and nothing is left open', () => {
    expect(failing((schema) => schema['type'] === 'array' && schema['x-kubernetes-list-type'] === undefined)).toEqual(
      [],
    );
    expect(failing((schema) => schema['x-kubernetes-preserve-unknown-fields'] !== undefined)).toEqual([]);
  });

  test.each(['HealingPolicy', 'HealingAction'])('the fullest status of a %s stays below 64 KiB', (kind) => {
    const { status } = schemaOf(kind)['properties'] as Record<string, Schema>;
    expect(largestJson(status ?? {})).toBeLessThan(64 * 1024);
  });
});

describe('constants', () => {
  const at = (kind: string, path: string): unknown =>
    nodes.find((node) => node.path === `${kind}.spec.${path}`)?.schema['default'];

  test.each<[string, string, unknown]>([
    ['HealingPolicy', 'mode', DEFAULTS.mode],
    ['HealingPolicy', 'triggers[].cooldownPeriod', DEFAULTS.cooldownPeriod],
    ['HealingPolicy', 'triggers[].metricTrigger.operator', DEFAULTS.operator],
    ['HealingPolicy', 'triggers[].metricTrigger.duration', DEFAULTS.duration],
    ['HealingPolicy', 'triggers[].conditionTrigger.duration', DEFAULTS.duration],
    ['HealingPolicy', 'triggers[].conditionTrigger.status', DEFAULTS.conditionStatus],
    ['HealingPolicy', 'triggers[].eventTrigger.count', DEFAULTS.eventCount],
    ['HealingPolicy', 'triggers[].eventTrigger.window', DEFAULTS.eventWindow],
    ['HealingPolicy', 'actions[].priority', DEFAULTS.priority],
    ['HealingPolicy', 'actions[].restartAction.strategy', DEFAULTS.restartAction.strategy],
    ['HealingPolicy', 'actions[].restartAction.maxConcurrent', DEFAULTS.restartAction.maxConcurrent],
    ['HealingPolicy', 'actions[].restartAction.gracePeriodSeconds', DEFAULTS.restartAction.gracePeriodSeconds],
    ['HealingPolicy', 'actions[].scaleAction.minReplicas', DEFAULTS.scaleAction.minReplicas],
    ['HealingPolicy', 'actions[].scaleAction.maxReplicas', DEFAULTS.scaleAction.maxReplicas],
    ['HealingPolicy', 'actions[].deleteAction.gracePeriodSeconds', DEFAULTS.deleteAction.gracePeriodSeconds],
    ['HealingPolicy', 'safetyRules.maxActionsPerHour', DEFAULTS.maxActionsPerHour],
    ['HealingPolicy', 'safetyRules.healthCheckTimeout', DEFAULTS.healthCheckTimeout],
    ['HealingPolicy', 'verification.stabilizationWindow', DEFAULTS.verification.stabilizationWindow],
    ['HealingPolicy', 'verification.timeout', undefined], // so that healthCheckTimeout can take its place
    ['HealingPolicy', 'approval.timeout', DEFAULTS.approvalTimeout],
    ['HealingAction', 'timeout', DEFAULTS.timeout],
    ['HealingAction', 'retryPolicy.maxAttempts', DEFAULTS.retryPolicy.maxAttempts],
    ['HealingAction', 'retryPolicy.backoffDelay', DEFAULTS.retryPolicy.backoffDelay],
    ['HealingAction', 'retryPolicy.backoffMultiplier', DEFAULTS.retryPolicy.backoffMultiplier],
  ])('%s %s', (kind, path, value) => {
    expect(at(kind, path)).toBe(value);
  });

  test('every default duration is one that the program can read', () => {
    const durations = nodes.filter(({ schema }) => String(schema['pattern']).includes('|us|'));
    expect(durations.length).toBeGreaterThanOrEqual(10);
    for (const { schema } of durations)
      if (typeof schema['default'] === 'string') expect(parseDuration(schema['default'])).toBeGreaterThan(0);
  });

  test('the descriptions of the conditions name the types that there are', () => {
    const text = (kind: string): string =>
      String(nodes.find(({ path }) => path === `${kind}.status.conditions`)?.schema['description']);
    for (const type of ACTION_CONDITIONS) expect(text('HealingAction')).toContain(`\`${type}\``);
    for (const type of POLICY_CONDITIONS) expect(text('HealingPolicy')).toContain(`\`${type}\``);
  });

  test('reasons are CamelCase words, as the schema demands', () => {
    for (const reason of Object.values(REASONS).flatMap((group) => Object.values(group)))
      expect(reason).toMatch(/^[A-Z][A-Za-z0-9]*$/);
  });
});
