import { describe, expect, test } from '@jest/globals';
import { escalations } from '../../../src/actions/custom/escalations.ts';
import { isJob, isOurs, isTombstone, jobFor, tombstoneFor } from '../../../src/actions/custom/job.ts';
import { releaseJob } from '../../../src/actions/custom/release-job.ts';
import { resultOf } from '../../../src/actions/custom/result.ts';
import { custom } from '../../../src/actions/custom.ts';
import type { Job, Pod, PodTemplateSpec } from '../../../src/api/workloads.ts';
import { targetRefOf } from '../../../src/domain/selection.ts';
import { MemoryApiServer } from '../../support/memory-api-server.ts';
import { forAction, object } from '../../support/objects.ts';

const marker = { key: 'kubeskippy.io/applied-8c6b', value: 'execute-2' };
const deployment = object('Deployment', 'cart');
const target = targetRefOf(deployment);
const container = { name: 'fix', image: 'fixer:1' };
const template: PodTemplateSpec = { spec: { containers: [container] } };
const podTemplate = (of: PodTemplateSpec = template) => ({ ...object('PodTemplate', 'fix'), template: of });

const plan = (related = [podTemplate()], more: { readonly requiresApproval?: boolean } = {}) =>
  custom.plan({
    ...forAction,
    target: deployment,
    related,
    template: { type: 'custom', customAction: { podTemplateName: 'fix' }, ...more },
    stamp: '',
    seenGood: [],
    failed: [],
  });
const planned = () => {
  const result = plan();
  if (result.result === 'refused') throw new Error(result.message);
  return result.parameters;
};
/** As the API server keeps it. */
const kept = (made: ReturnType<typeof jobFor>): Job => {
  const job = new MemoryApiServer().create(made);
  if (!isJob(job)) throw new Error(`a ${job.kind ?? ''} is no Job`);
  return job;
};
const jobWith = (of: PodTemplateSpec): Job => kept(jobFor(of, target, planned(), marker));

describe('a plan', () => {
  test('names the template by its digest, and bounds the Job by the time in which its result counts', () => {
    expect(plan()).toMatchObject({
      result: 'planned',
      parameters: {
        action: 'heal',
        podTemplate: 'fix',
        podTemplateDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
        activeDeadlineSeconds: '60',
      },
      summary: expect.stringMatching(/fixer:1.*Deployment shop\/cart.*cannot be taken back/),
    });
  });

  test('needs a person, unless the policy says on purpose that it does not', () => {
    expect(plan()).toMatchObject({ approvalReason: expect.stringContaining('runs code') });
    expect(plan([podTemplate()], { requiresApproval: true })).toHaveProperty('approvalReason');
    expect(plan([podTemplate()], { requiresApproval: false })).not.toHaveProperty('approvalReason');
  });

  test('is refused without a template, and for one that asks for too much', () => {
    expect(plan([])).toMatchObject({ result: 'refused', message: expect.stringContaining('no PodTemplate fix') });
    const privileged = { spec: { containers: [{ ...container, securityContext: { privileged: true } }] } };
    expect(plan([podTemplate(privileged)])).toMatchObject({
      result: 'refused',
      message: expect.stringContaining('privileged'),
    });
    const reserved = { spec: { containers: [{ name: 'kubeskippy-fence' }] } };
    expect(plan([podTemplate(reserved)])).toMatchObject({ result: 'refused' });
  });

  test('is refused for a pod whose health cannot be told', () => {
    const related = [podTemplate()];
    const input = { ...forAction, related, stamp: '', seenGood: [], failed: [] };
    const of = { type: 'custom', customAction: { podTemplateName: 'fix' } } as const;
    expect(custom.plan({ ...input, target: object('Pod', 'bare'), template: of })).toMatchObject({
      result: 'refused',
      message: expect.stringContaining('no workload'),
    });
  });

  test('no longer holds once the template is another, or gone', () => {
    const input = { target: deployment, parameters: planned(), marker };
    expect(custom.execute({ ...input, related: [podTemplate()] })).toMatchObject({ result: 'effect' });
    const other = podTemplate({ spec: { containers: [{ ...container, image: 'fixer:2' }] } });
    expect(custom.execute({ ...input, related: [other] })).toMatchObject({ result: 'drifted' });
    expect(custom.execute({ ...input, related: [] })).toMatchObject({ result: 'drifted' });
  });
});

describe('what a template may not ask for', () => {
  const withPod = (pod: object): PodTemplateSpec => ({ spec: { ...template.spec, ...pod } });
  const withContainer = (more: object): PodTemplateSpec => ({ spec: { containers: [{ ...container, ...more }] } });
  test.each<[string, PodTemplateSpec]>([
    ['hostNetwork', withPod({ hostNetwork: true })],
    ['hostPID', withPod({ hostPID: true })],
    ['hostIPC', withPod({ hostIPC: true })],
    ['nodeName', withPod({ nodeName: 'node-1' })],
    ['a hostPath volume', withPod({ volumes: [{ name: 'host', hostPath: { path: '/' } }] })],
    ['sysctls', withPod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } })],
    ['a serviceAccountName other than default', withPod({ serviceAccountName: 'admin' })],
    ['a serviceAccountName other than default', withPod({ serviceAccount: 'admin' })],
    ['an unconfined seccomp profile', withPod({ securityContext: { seccompProfile: { type: 'Unconfined' } } })],
    ['privileged', withContainer({ securityContext: { privileged: true } })],
    ['privileged', withPod({ initContainers: [{ name: 'a', securityContext: { privileged: true } }] })],
    ['added capabilities', withContainer({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } })],
    ['procMount', withContainer({ securityContext: { procMount: 'Unmasked' } })],
    ['an unconfined AppArmor profile', withContainer({ securityContext: { appArmorProfile: { type: 'Unconfined' } } })],
    ['hostProcess', withContainer({ securityContext: { windowsOptions: { hostProcess: true } } })],
    ['a hostPort', withContainer({ ports: [{ containerPort: 80, hostPort: 80 }] })],
  ])('%s', (what, of) => {
    expect(escalations(of)).toEqual([what]);
  });

  test('and what it may', () => {
    expect(
      escalations({
        spec: {
          serviceAccountName: 'default',
          containers: [container],
          ...{ volumes: [{ name: 'v', secret: {} }], securityContext: { runAsNonRoot: true } },
        },
      }),
    ).toEqual([]);
  });
});

describe('the Job', () => {
  test('has a name that is fixed by action, try and template', () => {
    expect(jobWith(template).metadata.name).toMatch(/^ks-8c6b-2-[0-9a-f]{8}$/);
  });

  test('runs once, is held for its result, and goes with its action', () => {
    expect(jobWith(template)).toMatchObject({
      metadata: {
        finalizers: ['kubeskippy.io/finalizer'],
        ownerReferences: [{ kind: 'HealingAction', name: 'heal', uid: '8c6b' }],
        annotations: { [marker.key]: marker.value },
      },
      spec: { backoffLimit: 0, activeDeadlineSeconds: 60, template: { spec: { restartPolicy: 'Never' } } },
    });
    expect(jobWith(template).spec).not.toHaveProperty('ttlSecondsAfterFinished');
  });

  test('tells its program the target, whatever the template says, and gives it no token unasked', () => {
    const env = [
      { name: 'KUBESKIPPY_TARGET_NAME', value: 'another' },
      { name: 'LEVEL', value: '$(KUBESKIPPY_TARGET_NAME)' },
    ];
    const { spec } = jobWith({ spec: { containers: [{ ...container, env }], initContainers: [container] } }).spec
      .template;
    for (const one of [...spec.containers, ...(spec.initContainers ?? [])])
      expect(Object.fromEntries((one.env ?? []).map(({ name, value }) => [name, value]))).toMatchObject({
        KUBESKIPPY_ACTION: 'heal',
        KUBESKIPPY_TARGET_KIND: 'Deployment',
        KUBESKIPPY_TARGET_NAMESPACE: 'shop',
        KUBESKIPPY_TARGET_NAME: 'cart',
        KUBESKIPPY_TARGET_UID: target.uid,
      });
    expect(spec.containers[0]?.env?.at(-1)?.name).toBe('LEVEL');
    expect(spec.automountServiceAccountToken).toBe(false);
    const asked = jobWith({ spec: { ...template.spec, automountServiceAccountToken: true } });
    expect(asked.spec.template.spec.automountServiceAccountToken).toBe(true);
  });

  test('has pods that nobody heals', () => {
    expect(jobWith({ metadata: { labels: { app: 'fix' } }, ...template }).spec.template.metadata?.labels).toMatchObject(
      {
        app: 'fix',
        'kubeskippy.io/protected': 'true',
      },
    );
  });

  test('is told from a tombstone by what nobody can change', () => {
    const tombstone = kept(tombstoneFor('shop', planned(), marker));
    expect(tombstone.metadata.name).toBe(jobWith(template).metadata.name);
    expect(tombstone.spec.suspend).toBe(true);
    expect([isTombstone(tombstone), isOurs(tombstone, marker)]).toEqual([true, false]);
    const stripped = { ...jobWith(template), metadata: { ...tombstone.metadata, labels: {}, annotations: {} } };
    expect([isTombstone(stripped), isOurs(stripped, marker)]).toEqual([false, true]);
  });

  test('is let go once, and then stays a day for its logs', () => {
    const job = jobWith(template);
    const live = { ...job, metadata: { ...job.metadata, uid: 'j', finalizers: ['a/b', 'kubeskippy.io/finalizer'] } };
    expect(releaseJob(live)).toMatchObject({
      operations: expect.arrayContaining([
        { op: 'replace', path: '/metadata/finalizers', value: ['a/b'] },
        { op: 'add', path: '/spec/ttlSecondsAfterFinished', value: 86_400 },
      ]),
    });
    expect(releaseJob({ ...live, metadata: { ...live.metadata, finalizers: ['a/b'] } })).toBeUndefined();
  });
});

describe('its result', () => {
  const job = (status: Job['status'] = {}): Job => ({ ...jobWith(template), status });
  const pod = (state: object): Pod => ({
    ...object('Pod', 'p'),
    spec: template.spec,
    status: { containerStatuses: [{ name: 'fix', restartCount: 0, state }] },
  });
  const condition = (type: string) => ({
    conditions: [{ type, status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' }],
  });

  test('is that of the target once it has done its work', () => {
    expect(resultOf(job(condition('Complete')), [])).toBeUndefined();
  });

  test.each(['Failed', 'FailureTarget'])('is a failure with its last words when it is %s', (type) => {
    const pods = [pod({ terminated: { exitCode: 3, message: ` no space left\n` } })];
    expect(resultOf(job(condition(type)), pods)).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(/BackoffLimitExceeded: too often; container fix ended with 3: no space left$/),
    });
  });

  test('is not known while it runs or waits', () => {
    expect(resultOf(job({ active: 1 }), [])).toMatchObject({
      state: 'settling',
      detail: expect.stringContaining('1 active'),
    });
    expect(resultOf(job(), [pod({ waiting: { reason: 'ImagePullBackOff' } })])).toMatchObject({
      state: 'settling',
      detail: expect.stringContaining('ImagePullBackOff'),
    });
  });

  test('is lost with the Job', () => {
    const input = { target: deployment, uid: target.uid, parameters: planned(), marker };
    expect(custom.outlook?.({ ...input, related: [] })).toMatchObject({ state: 'lost' });
  });
});
