import { z } from 'zod';

/** Everything that can be set from outside, resolved once at start. */
export const Config = z.strictObject({
  temporal: z
    .strictObject({
      address: z.string().min(1).default('127.0.0.1:7233'),
      namespace: z.string().min(1).default('default'),
    })
    .prefault({}),
  kubernetes: z
    .strictObject({
      kubeconfig: z.string().min(1).optional(),
      context: z.string().min(1).optional(),
    })
    .prefault({}),
  approvals: z
    .strictObject({
      /** Whether bare Temporal signals count as approvals although they prove no identity. */
      acceptSignals: z.boolean().default(true),
      /** Whether only approvals count for which the API server proves who gave them; by default where signals do not. */
      requireIdentity: z.boolean().optional(),
    })
    .prefault({})
    .transform(({ acceptSignals, requireIdentity = !acceptSignals }) => ({
      acceptSignals: acceptSignals && !requireIdentity,
      requireIdentity,
    })),
  safety: z
    .strictObject({
      /** No action changes anything, whatever its policy says. */
      dryRun: z.boolean().default(false),
      protectedNamespaces: z
        .array(z.string().min(1))
        .default(['kube-system', 'kube-public', 'kube-node-lease', 'kubeskippy-system', 'cert-manager']),
    })
    .prefault({}),
  analysis: z.strictObject({ analyzer: z.enum(['rules']).default('rules') }).prefault({}),
  prometheus: z
    .strictObject({
      /** Where `verification.queries` of policies are evaluated, such as `http://prometheus.monitoring:9090`; absent: nowhere. */
      url: z.url({ protocol: /^https?$/ }).optional(),
      /** Milliseconds that the newest sample may be old: twice the scrape interval at least. */
      lookbackMs: z.int().min(1_000).max(3_600_000).default(120_000),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      /** Port of the Prometheus endpoint on all interfaces; 0 turns it off. */
      port: z.int().min(0).max(65_535).default(0),
      host: z.string().default('0.0.0.0'),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info') })
    .prefault({}),
});
export type Config = z.infer<typeof Config>;
