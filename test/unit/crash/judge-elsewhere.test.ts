import { describe, expect, test } from '@jest/globals';
import { judgeElsewhere } from '../../crash/oracle/judge.ts';
import type { AuditEvent } from '../../support/audit-log.ts';
import { write, mark, record, eventAbout } from '../../support/planted-history.ts';

describe('where no healing is', () => {
  const sent: [string, AuditEvent][] = [
    ['an object', write()],
    ['only a mark', mark],
    ['only a record', record],
    ['only an Event', eventAbout('cart')],
    ['what was refused', write({ responseStatus: { code: 403 } })],
    ['a record that was refused', { ...record, verb: 'create', responseStatus: { code: 403 } }],
  ];
  test.each(sent)('%s is at a wrong place', (_what, event) => {
    const findings = judgeElsewhere('default', [event]);
    expect(findings.map(({ fault }) => fault)).toEqual(['wrongTarget']);
    expect(findings[0]?.detail).toContain('in namespace "default"');
  });

  test.each([201, 403])('a rehearsal is not, answered with %d: it asks for the admission policies', (code) => {
    const requestURI = '/apis/kubeskippy.io/v1alpha1/namespaces/default/healingactions?fieldManager=k&dryRun=All';
    const probe = { ...record, verb: 'create', requestURI, responseStatus: { code } };
    expect(judgeElsewhere('default', [probe])).toEqual([]);
  });
});
