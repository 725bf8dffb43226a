import { describe, expect, test } from '@jest/globals';
import { boundsOf } from '../../../scripts/crd-bounds.ts';
import { readCrds } from '../../../scripts/read-crds.ts';
import { compileCrd, describeErrors, type Schema } from '../../../src/adapters/kubernetes/crd-schema.ts';
import type { HealingActionStatus } from '../../../src/api/healing-action.ts';
import type { HealingPolicyStatus } from '../../../src/api/healing-policy.ts';
import { healingActionStatusBounds, healingPolicyStatusBounds } from '../../../src/api/status-bounds.ts';
import { withinBounds } from '../../../src/domain/within-bounds.ts';

const validators = new Map((await readCrds('crds')).map(({ kind, schema }) => [kind, compileCrd(schema)]));

/** What the API server would say about this status. */
function faults(kind: string, spec: object, status: object): string[] {
  const validate = validators.get(kind);
  if (validate === undefined) throw new Error(`no CRD for kind ${kind}`);
  const object = { apiVersion: 'kubeskippy.io/v1alpha1', kind, metadata: { name: 'x' }, spec, status };
  return validate(object) ? [] : describeErrors(validate.errors);
}

const long = 'long '.repeat(2_000);
const many = <T>(item: T): T[] => Array.from({ length: 200 }, () => item);
const time = '2026-01-01T00:00:00Z';

describe('a status within its bounds', () => {
  test('is accepted however much there was to say about an action', () => {
    const status: HealingActionStatus = {
      conditions: [
        { type: 'Succeeded', status: 'False', reason: 'NotHealed', message: long, lastTransitionTime: time },
      ],
      plan: {
        summary: long,
        action: 'undo',
        target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u' },
        parameters: Object.fromEntries(many(long).map((value, index) => [`p${index}`, value])),
        diff: long,
      },
      analysis: {
        analyzer: 'rules',
        choice: 'undo',
        reasons: many(long),
        alternatives: many({ choice: long, reason: long }),
      },
      evidence: {
        before: many({ subject: long, check: long, value: long }),
        after: many({ subject: 'x', check: 'y', value: 'z' }),
      },
      result: {
        success: false,
        message: long,
        error: long,
        metrics: Object.fromEntries(many(long).map((value, index) => [`m${index}`, value])),
        changes: many({ resourceRef: 'x', changeType: 'patch', field: long, oldValue: long, newValue: long } as const),
      },
      audit: many({ seq: 1, kind: 'claim', time, digest: 'a'.repeat(64), summary: long } as const),
    };
    const spec = {
      policyRef: { name: 'p', namespace: 'shop' },
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      action: { type: 'undo' },
    };
    expect(faults('HealingAction', spec, status)).not.toEqual([]);
    expect(faults('HealingAction', spec, withinBounds(status, healingActionStatusBounds))).toEqual([]);
  });

  test('is accepted however much there was to say about a policy', () => {
    const status: HealingPolicyStatus = {
      activeTriggers: many('a'),
      notHonoured: many(long),
      decisions: many({
        time,
        trigger: 'a',
        target: long,
        decision: 'Suppressed',
        reason: 'RateLimited',
        message: long,
      } as const),
    };
    const spec = { selector: {}, triggers: [], actions: [] };
    expect(faults('HealingPolicy', spec, status)).not.toEqual([]);
    expect(faults('HealingPolicy', spec, withinBounds(status, healingPolicyStatusBounds))).toEqual([]);
  });
});

describe('cutting', () => {
  const text = { maxLength: 5 };

  test('leaves alone what fits', () => {
    const value = { a: 'short', b: [1, 2], c: { k: 'v' }, d: undefined, e: null, f: 3 };
    const bounds = {
      fields: { a: text, b: { maxItems: 2 }, c: { maxProperties: 1 }, d: text, e: { maxItems: 1 }, f: text },
    };
    expect(withinBounds(value, bounds)).toEqual(value);
  });

  test.each([
    ['longer', 'long…'],
    ['exact', 'exact'],
    ['👩🏽‍🚀👩🏽‍🚀', '👩🏽‍🚀…'],
    ['😀😀😀😀😀', '😀😀😀😀😀'],
    ['😀😀😀😀😀😀', '😀😀😀😀…'],
  ])('counts characters as the API server does: %s', (value, cut) => {
    expect(withinBounds(value, text)).toBe(cut);
  });

  test('goes into lists and maps, and keeps the first', () => {
    expect(withinBounds(['longest', 'b', 'c'], { maxItems: 2, items: text })).toEqual(['long…', 'b']);
    expect(withinBounds({ a: 'longest', b: 'x' }, { maxProperties: 1, values: text })).toEqual({ a: 'long…' });
    expect(
      withinBounds({ a: { b: ['longest'] } }, { fields: { a: { fields: { b: { maxItems: 9, items: text } } } } }),
    ).toEqual({ a: { b: ['long…'] } });
  });

  test('never shortens what has a form of its own', () => {
    const formed: Schema = { type: 'string', maxLength: 4, pattern: '^[0-9a-f]+$' };
    expect(boundsOf(formed)).toBeUndefined();
    expect(boundsOf({ type: 'string', maxLength: 64, format: 'date-time' })).toBeUndefined();
    expect(boundsOf({ type: 'string', maxLength: 4 })).toEqual({ maxLength: 4 });
  });
});
