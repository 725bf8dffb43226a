import {
  deployment,
  DELETE,
  DELETE_KEPT,
  ended,
  EVICT,
  FIX,
  NO_SUCH_IMAGE,
  NOTE,
  onWeb,
  pod,
  policySpec,
  RESTART,
  UNDO,
  UP,
  WEB,
  type Scenario,
} from './scenario.ts';

/** Every action, and what becomes of it when it does not help. Leaves Deployment `web` with two pods. */
export const actions: readonly Scenario[] = [
  {
    name: 'restart-healed',
    async record(session) {
      await session.deploy('web', { image: WEB });
      await session.policy('web', policySpec('web'));
      return ended(await session.action('restart-healed', onWeb(RESTART)), 'Healed');
    },
  },
  {
    name: 'pod-restart-healed',
    async record(session) {
      const targetResource = pod(await session.podOf('web'));
      return ended(await session.action('pod-restart-healed', onWeb(RESTART, { targetResource })), 'Healed');
    },
  },
  {
    name: 'undo-healed',
    async record(session) {
      await session.available('web');
      await session.rollOut('web', NO_SUCH_IMAGE);
      return ended(await session.action('undo-healed', onWeb(UNDO)), 'Healed');
    },
  },
  {
    name: 'patch-healed',
    record: async (session) => ended(await session.action('patch-healed', onWeb(NOTE)), 'Healed'),
  },
  {
    name: 'scale-healed',
    record: async (session) => ended(await session.action('scale-healed', onWeb(UP)), 'Healed'),
  },
  {
    name: 'custom-healed',
    async record(session) {
      await session.available('web');
      await session.podTemplate('fix', { name: 'fix', image: 'kubeskippy.local/job:1.0', args: ['--seconds', '2'] });
      return ended(await session.action('custom-healed', onWeb(FIX)), 'Healed');
    },
  },
  {
    name: 'restart-by-evictions-healed',
    async record(session) {
      await session.available('web');
      return ended(await session.action('restart-by-evictions-healed', onWeb(EVICT)), 'Healed');
    },
  },
  {
    name: 'pod-deletion-healed',
    async record(session) {
      await session.available('web');
      const targetResource = pod(await session.podOf('web'));
      return ended(await session.action('pod-deletion-healed', onWeb(DELETE, { targetResource })), 'Healed');
    },
  },
  {
    name: 'deletion-with-manifest-healed',
    async record(session) {
      await session.deploy('spare', { image: WEB });
      await session.policy('spare', policySpec('spare'));
      const healing = await session.action('deletion-with-manifest-healed', {
        policy: 'spare',
        targetResource: deployment('spare'),
        action: DELETE_KEPT,
      });
      await healing.reached('AwaitingApproval');
      await healing.approve();
      return ended(healing, 'Healed');
    },
  },
  {
    name: 'refused',
    record: async (session) =>
      ended(await session.action('refused', onWeb(RESTART, { policy: 'no-such-policy' })), 'Refused'),
  },
  {
    name: 'dry-run',
    record: async (session) =>
      ended(await session.action('dry-run', onWeb(RESTART, { dryRun: true })), 'DryRunCompleted'),
  },
  {
    name: 'not-healed',
    async record(session) {
      await session.deploy('doomed', { image: 'kubeskippy.local/crasher:1.0' }, { healthy: false });
      const verification = { stabilizationWindow: '1s', timeout: '4s' };
      await session.policy('doomed', policySpec('doomed', { verification }));
      const spec = { policy: 'doomed', targetResource: deployment('doomed'), action: RESTART };
      return ended(await session.action('not-healed', spec), 'NotHealed');
    },
  },
  {
    name: 'retried',
    record: async (session) => ended(await session.retry('not-healed'), 'NotHealed'),
  },
  {
    name: 'rolled-back',
    async record(session) {
      const spec = { policy: 'doomed', targetResource: deployment('doomed'), action: UP };
      return ended(await session.action('rolled-back', spec), 'RolledBack');
    },
  },
];
