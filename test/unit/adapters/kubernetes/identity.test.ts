import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createIdentity } from '../../../../src/adapters/kubernetes/identity.ts';
import type { IdentityPort } from '../../../../src/ports/identity.ts';
import { ScriptedApiServer } from '../../../support/scripted-api-server.ts';

let server: ScriptedApiServer;
let identity: IdentityPort;
beforeEach(async () => {
  server = await ScriptedApiServer.start();
  identity = createIdentity(server.client());
});
afterEach(async () => {
  await server.stop();
});

const DENIED =
  'healingactions.kubeskippy.io "kubeskippy-probe-x" is forbidden: ValidatingAdmissionPolicy \'kubeskippy-identity\' ' +
  "with binding 'kubeskippy-identity' denied request: spec.requestedBy must be the authenticated user";

describe('whether names are proven', () => {
  test('is asked by a lie that is only rehearsed', async () => {
    server.refuse(403, 'Forbidden', {}, DENIED);
    expect(await identity.vouched('shop')).toBe(true);
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        path: '/apis/kubeskippy.io/v1alpha1/namespaces/shop/healingactions',
        body: { spec: { requestedBy: { username: 'kubeskippy.io:nobody' } } },
      },
    ]);
    expect(server.requests[0]?.query.get('dryRun')).toBe('All');
  });

  test('is denied when the lie is accepted', async () => {
    server.answer = () => ({ status: 201, body: {} });
    expect(await identity.vouched('shop')).toBe(false);
  });

  test('is denied in a namespace that is going', async () => {
    server.refuse(403, 'Forbidden', { causes: [{ reason: 'NamespaceTerminating' }] });
    expect(await identity.vouched('shop')).toBe(false);
  });

  test.each<[string, () => void]>([
    [
      'a server that is starting',
      () => {
        server.refuse(403, 'Forbidden', {}, 'not yet ready to handle request');
      },
    ],
    [
      'a server that does not know the kind yet',
      () => {
        server.refuse(503, 'ServiceUnavailable');
      },
    ],
    [
      'the policy of somebody else',
      () => {
        server.refuse(403, 'Forbidden', {}, DENIED.replaceAll('kubeskippy-identity', 'another'));
      },
    ],
    [
      'no answer',
      () => {
        server.answer = () => 'reset';
      },
    ],
  ])('cannot be told from %s', async (_what, script) => {
    script();
    await expect(identity.vouched('shop')).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('cannot be told'),
    });
  });
});

describe('whether somebody may decide', () => {
  const jane = { username: 'jane', groups: ['sre'] };
  const action = { namespace: 'shop', name: 'heal', uid: 'u' };

  test.each([
    [{ status: { allowed: true } }, true],
    [{ status: { allowed: false } }, false],
    [{}, false],
  ])('is what the API server says: %j', async (body, allowed) => {
    server.answer = () => ({ status: 201, body });
    expect(await identity.mayApprove(jane, action)).toBe(allowed);
    expect(server.requests[0]).toMatchObject({
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: {
        spec: {
          user: 'jane',
          groups: ['sre'],
          resourceAttributes: {
            group: 'kubeskippy.io',
            resource: 'healingactions',
            subresource: 'approval',
            verb: 'approve',
            namespace: 'shop',
            name: 'heal',
          },
        },
      },
    });
  });

  test('is not known without an answer', async () => {
    server.refuse(403, 'Forbidden');
    await expect(identity.mayApprove(jane, action)).rejects.toMatchObject({ code: 'Forbidden' });
  });
});
