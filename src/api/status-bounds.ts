// Generated from crds/healingactions.yaml and crds/healingpolicies.yaml by `npm run gen`. Do not edit.
import type { Bounds } from './bounds.ts';

/** Bounds of `HealingAction.status`, as in its CRD. */
export const healingActionStatusBounds: Bounds = {
  fields: {
    conditions: { maxItems: 8, items: { fields: { message: { maxLength: 768 } } } },
    plan: {
      fields: {
        summary: { maxLength: 512 },
        target: { fields: { namespace: { maxLength: 63 }, name: { maxLength: 253 }, uid: { maxLength: 64 } } },
        parameters: { maxProperties: 12, values: { maxLength: 256 } },
        change: { maxLength: 8192 },
        approvalReason: { maxLength: 512 },
        diff: { maxLength: 2048 },
        verification: {
          fields: { stabilizationWindow: { maxLength: 16 }, timeout: { maxLength: 16 }, queries: { maxLength: 16 } },
        },
      },
    },
    claim: { fields: { targetUid: { maxLength: 64 }, baseline: { maxLength: 64 }, fence: { maxLength: 128 } } },
    workflow: { fields: { id: { maxLength: 128 }, runId: { maxLength: 64 }, namespace: { maxLength: 253 } } },
    analysis: {
      fields: {
        analyzer: { maxLength: 63 },
        model: { maxLength: 128 },
        choice: { maxLength: 128 },
        reasons: { maxItems: 10, items: { maxLength: 256 } },
        alternatives: { maxItems: 6, items: { fields: { choice: { maxLength: 128 }, reason: { maxLength: 256 } } } },
      },
    },
    evidence: {
      fields: {
        before: {
          maxItems: 10,
          items: { fields: { subject: { maxLength: 330 }, check: { maxLength: 128 }, value: { maxLength: 256 } } },
        },
        after: {
          maxItems: 4,
          items: { fields: { subject: { maxLength: 330 }, check: { maxLength: 128 }, value: { maxLength: 256 } } },
        },
      },
    },
    result: {
      fields: {
        message: { maxLength: 1024 },
        error: { maxLength: 512 },
        metrics: { maxProperties: 8, values: { maxLength: 128 } },
        changes: {
          maxItems: 8,
          items: {
            fields: {
              resourceRef: { maxLength: 330 },
              field: { maxLength: 256 },
              oldValue: { maxLength: 256 },
              newValue: { maxLength: 256 },
            },
          },
        },
      },
    },
    approval: { fields: { approvedBy: { maxLength: 340 }, reason: { maxLength: 512 } } },
    rollback: { fields: { message: { maxLength: 512 } } },
    audit: { maxItems: 14, items: { fields: { summary: { maxLength: 160 } } } },
  },
};

/** Bounds of `HealingPolicy.status`, as in its CRD. */
export const healingPolicyStatusBounds: Bounds = {
  fields: {
    conditions: { maxItems: 10, items: { fields: { message: { maxLength: 768 } } } },
    activeTriggers: { maxItems: 50, items: { maxLength: 63 } },
    notHonoured: { maxItems: 50, items: { maxLength: 253 } },
    decisions: {
      maxItems: 20,
      items: {
        fields: {
          trigger: { maxLength: 63 },
          target: { maxLength: 384 },
          action: { maxLength: 63 },
          reason: { maxLength: 63 },
          message: { maxLength: 512 },
          healingAction: { maxLength: 253 },
        },
      },
    },
  },
};
