import { describe, expect, test } from '@jest/globals';
import { readCrds } from '../../../scripts/read-crds.ts';
import { compileCrd, describeErrors } from '../../../src/adapters/kubernetes/crd-schema.ts';
import { rightObjects, wrongObjects } from '../../support/crds/fixtures.ts';

const validators = new Map((await readCrds('crds')).map(({ kind, schema }) => [kind, compileCrd(schema)]));

/** What is wrong with an object, one line per fault; none for a valid one. Fills in defaults. */
function faults(object: { readonly kind?: string }): string[] {
  const validate = validators.get(object.kind ?? '');
  if (validate === undefined) throw new Error(`no CRD for kind ${object.kind ?? ''}`);
  return validate(object) ? [] : describeErrors(validate.errors);
}

describe('validation without a server', () => {
  test('there are enough fixtures to mean something', () => {
    expect(rightObjects().length).toBeGreaterThanOrEqual(25);
    expect(wrongObjects().length).toBeGreaterThanOrEqual(40);
  });

  test.each(rightObjects())('accepts $name', ({ object }) => {
    expect(faults(object)).toEqual([]);
  });

  test.each(wrongObjects().filter(({ offline }) => offline === 'refused'))('refuses $name', ({ object }) => {
    expect(faults(object)).not.toEqual([]);
  });

  // When the schema learns to refuse one of these, its mark must go: nobody should take it for harmless.
  test.each(wrongObjects().filter(({ offline }) => offline === 'accepted'))('leaves $name to CEL', ({ object }) => {
    expect(faults(object)).toEqual([]);
  });

  test('says where and what is wrong', () => {
    expect(
      faults({
        apiVersion: 'kubeskippy.io/v1alpha1',
        kind: 'HealingPolicy',
        metadata: { name: 'wrong' },
        spec: {
          selector: {},
          triggers: [{ type: 'log' }],
          actions: [{ type: 'restart', restartAction: { gracePeriod: 5 } }],
        },
      } as { kind: string }),
    ).toEqual([
      'spec.triggers[0].type: must be equal to one of the allowed values: "metric", "event", "condition"',
      'spec.actions[0].restartAction: unknown field "gracePeriod"',
    ]);
  });

  test('fills in defaults', () => {
    const policy = {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingPolicy',
      metadata: { name: 'p' },
      spec: {
        selector: {},
        triggers: [{ type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff' } }],
        actions: [{ type: 'restart', restartAction: {} }],
      },
    };
    expect(faults(policy)).toEqual([]);
    expect(policy.spec).toEqual({
      selector: {},
      triggers: [
        {
          type: 'condition',
          conditionTrigger: { type: 'CrashLoopBackOff', status: 'True', duration: '2m' },
          cooldownPeriod: '5m',
        },
      ],
      actions: [
        {
          type: 'restart',
          priority: 50,
          restartAction: { strategy: 'rolling', maxConcurrent: 1, gracePeriodSeconds: 30 },
        },
      ],
      mode: 'monitor',
      safetyRules: { maxActionsPerHour: 10, healthCheckTimeout: '5m' },
      verification: { stabilizationWindow: '2m' },
      approval: { timeout: '24h' },
    });
  });
});
