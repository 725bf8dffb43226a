import { describe, expect, test } from '@jest/globals';
import type { App } from '../../../../src/local/demo/apps.ts';
import type { Incident } from '../../../../src/local/demo/incident.ts';
import { scenarios } from '../../../../src/local/demo/scenario.ts';
import { glyphsFor } from '../../../../src/local/demo/screen/glyphs.ts';
import { layOut, type Picture } from '../../../../src/local/demo/screen/layout.ts';
import { lineWidth, renderLine, textWidth } from '../../../../src/local/demo/screen/line.ts';
import { condition, conditionsUpTo, healingAction, T0 } from '../../../support/local/demo-objects.ts';

const unicode = glyphsFor({ LANG: 'C.UTF-8' });
const NOW = T0 + 20_000;

const plan = {
  summary: 'undo Deployment demo/storefront: back from revision 2 to 1',
  action: 'undo',
  target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'demo', name: 'storefront', uid: 'u' },
  verification: { stabilizationWindow: '10s', timeout: '1m' },
} as const;
const trigger = { name: 'image', type: 'condition', evidence: 'container web waits: ErrImagePull' } as const;
const analysis = { analyzer: 'rules', choice: 'undo', confidence: 1 };

const verifying: Incident = {
  app: 'storefront',
  scenario: scenarios[0]!,
  faultAt: NOW - 5000,
  evidenceAt: NOW - 4200,
  effectAt: NOW - 4080,
  actions: [healingAction('a', { trigger, status: { plan, analysis, conditions: conditionsUpTo('Executed') } })],
};
const healed: Incident = {
  ...verifying,
  verifiedAt: NOW,
  actions: [
    healingAction('b', {
      trigger,
      status: {
        plan,
        analysis,
        conditions: [...conditionsUpTo('Verified'), condition('Succeeded', 'Healed', 0, 'True', '2 of 2 updated')],
      },
    }),
  ],
};
const app = (name: string, ...incidents: Incident[]): App => ({ name, wanted: 2, available: 2, well: true, incidents });

const picture = (apps: readonly App[], more: Partial<Picture> = {}): Picture => ({
  places: {
    temporalUi: 'http://127.0.0.1:8233/namespaces/default/workflows',
    prometheus: 'http://127.0.0.1:9090',
    auditLog: '/tmp/kubeskippy-demo-1/audit.log',
    kubeconfig: '/tmp/kubeskippy-demo-1/kubeconfig/admin.yaml',
    kubectl: '/home/me/.cache/kubectl',
    kubectlOnPath: true,
  },
  apps,
  victims: ['etcd', 'worker', 'temporal'].map((name, index) => ({ name, pid: 100 + index })),
  events: [{ at: NOW, text: 'etcd died (exit 137), restarting' }],
  startedAt: T0,
  ...more,
});

const text = (what: Picture, columns = 150, rows = 60): string[] =>
  layOut(what, { columns, rows, now: NOW, glyphs: unicode }).map((line) => renderLine(line, columns, false, '…'));

const all = picture([app('storefront', verifying), app('checkout', healed), app('orders')]);

test('a healing shows what was seen, the plan, the decision, the steps and the times', () => {
  const lines = text(all);
  expect(lines[0]).toBe('KubeSkippy demo  0:20  1 of 3 faults healed');
  const at = lines.findIndex((line) => line.includes('storefront'));
  expect(lines.slice(at, at + 6)).toEqual([
    '· storefront  2/2 available  rollout of an image that does not exist',
    expect.stringMatching(
      /^ {4}✔ detected {2}✔ accepted {2}✔ analyzed {2}✔ approved \(not required\) {2}✔ reserved {2}✔ executed {2}[⠋-⠿] verifying \(4 of 10 s\)$/,
    ),
    '    seen      container web waits: ErrImagePull',
    '    plan      undo Deployment demo/storefront: back from revision 2 to 1',
    '    decision  rules chose undo, confidence 1.00',
    '    times     evidence→effect 0.12 s   fault→effect 0.92 s',
  ]);
  expect(lines).toContain('    proof     2 of 2 updated');
  expect(lines).toContain('    times     evidence→effect 0.12 s   fault→effect 0.92 s   fault→verified 5.0 s');
  expect(lines).toContain('✔ orders      2/2 available  runs');
  expect(lines.join('\n')).toContain('export KUBECONFIG=/tmp/kubeskippy-demo-1/kubeconfig/admin.yaml');
  expect(lines.join('\n')).toContain('kill -9 101   worker; temporal 102, etcd 100');
  expect(lines.join('\n')).toContain('etcd died (exit 137), restarting');
});

test('only when the kubectl on PATH does not fit, another is named', () => {
  expect(text(all).join('\n')).not.toContain('alias');
  const places = { ...all.places, kubectlOnPath: false };
  expect(text({ ...all, places }).join('\n')).toContain('alias kubectl=/home/me/.cache/kubectl');
});

test('an app that was healed before says how often', () => {
  expect(text(picture([app('orders', healed, healed, verifying)])).join('\n')).toContain('(healed 2 times before)');
});

test('a healing that only buys time says so', () => {
  const of = (name: string): string => text(picture([app(name, { ...healed, app: name })])).join('\n');
  expect(of('orders')).toContain('but       the leak itself is not mended');
  expect(of('checkout')).not.toContain('but  ');
});

test('an app that fires again while its policy waits is not shown as well', () => {
  const lines = text(picture([{ ...app('storefront', healed), held: 'crash fires again; cooldown' }]));
  const at = lines.findIndex((line) => line.includes('storefront'));
  expect(lines[at]).toMatch(/^·/);
  expect(lines[at + 1]).toBe('    crash fires again; cooldown');
});

test('a healing that failed is marked and says why', () => {
  const conditions = [...conditionsUpTo('Executed'), condition('Succeeded', 'NotHealed', 0, 'False', 'still crashing')];
  const failed = {
    ...verifying,
    actions: [healingAction('a', { trigger, status: { plan, conditions, phase: 'Failed' } })],
  };
  const lines = text(picture([app('storefront', failed)]));
  expect(lines.find((line) => line.includes('storefront'))).toMatch(/^✖/);
  expect(lines).toContain('    NotHealed still crashing');
});

describe('fits into every terminal', () => {
  const sizes = [10, 24, 40, 80, 131, 250].flatMap((columns) =>
    [2, 5, 10, 14, 24, 30, 43, 80].map((rows) => [columns, rows] as const),
  );
  const many = picture([...all.apps, ...['a', 'b', 'c', 'd'].map((name) => app(name, healed))], {
    events: Array.from({ length: 50 }, (_, index) => ({ at: NOW, text: `event ${index} ${'x'.repeat(300)}` })),
  });

  test.each(sizes)('%i columns, %i rows', (columns, rows) => {
    const lines = text(many, columns, rows);
    expect(lines.length).toBeLessThanOrEqual(rows - 1);
    expect(lines.length).toBeGreaterThan(0);
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(columns);
  });

  test('24 rows of 80 columns show every step and the times', () => {
    const lines = text(all, 80, 24);
    expect(lines).toContainEqual(expect.stringMatching(/^ {4}✔{6} [⠋-⠿] verifying \(4 of 10 s\)$/));
    expect(lines).toContain('    times     evidence→effect 0.12 s   fault→effect 0.92 s');
  });
});

test('what others wrote cannot take hold of the terminal', () => {
  const evil = '\u001b[2Jgone\r\nnext\u0007\u009b31m\u202e';
  const action = healingAction(evil, {
    trigger: { ...trigger, evidence: evil },
    status: { plan: { ...plan, summary: evil } },
  });
  const incident = { ...verifying, actions: [action] };
  const lines = text(picture([app('storefront', incident)], { events: [{ at: NOW, text: evil }] }));
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  expect(lines.join('')).toContain('gone next');
});

test('a terminal without UTF-8 gets ASCII', () => {
  const lines = layOut(all, { columns: 150, rows: 60, now: NOW, glyphs: glyphsFor({ LANG: 'C' }) });
  const shown = lines.map((line) => renderLine(line, 150, false, glyphsFor({ LANG: 'C' }).ellipsis)).join('\n');
  expect(shown).toMatch(/^[\n\u0020-\u007e]*$/);
  expect(glyphsFor({ LC_ALL: 'C', LANG: 'en_US.UTF-8' })).toEqual(glyphsFor({}));
  expect(glyphsFor({ LC_ALL: '', LANG: 'en_US.utf8' })).toEqual(unicode);
});

test('colour only where it is wanted, and cut lines keep their end visible', () => {
  const line = [{ text: 'good ', style: 'good' as const }, { text: '日本語 text' }];
  expect(lineWidth(line)).toBe(16);
  expect(renderLine(line, 40, true, '…')).toBe('\u001b[32mgood \u001b[0m日本語 text');
  expect(renderLine(line, 40, false, '…')).toBe('good 日本語 text');
  expect(renderLine(line, 9, false, '…')).toBe('good 日…');
});
