import type { Analyzer } from '../src/ports/analyzer.ts';
import type { ClusterPort } from '../src/ports/cluster.ts';
import type { EventRecorder } from '../src/ports/event-recorder.ts';
import type { IdentityPort } from '../src/ports/identity.ts';
import type { LedgerPort } from '../src/ports/ledger.ts';
import type { Log } from '../src/ports/log.ts';
import type { Metrics } from '../src/ports/metrics.ts';
import type { PolicyMailbox } from '../src/ports/policy-mailbox.ts';
import type { ActionRecords, PolicyRecords } from '../src/ports/records.ts';
import type { AuditTrail } from '../src/ports/audit-trail.ts';

/** All that the activities can reach. Tests pass other implementations of the same interfaces. */
export interface ActivityPorts {
  readonly cluster: ClusterPort;
  readonly actions: ActionRecords;
  readonly policies: PolicyRecords;
  readonly ledger: LedgerPort;
  readonly mailbox: PolicyMailbox;
  readonly analyzer: Analyzer;
  readonly metrics: Metrics;
  readonly identity: IdentityPort;
  readonly events: EventRecorder;
  readonly audit: AuditTrail;
  readonly log: Log;
  readonly settings: ActivitySettings;
}

export interface ActivitySettings {
  /** No action changes anything, whatever its policy says. */
  readonly dryRun: boolean;
  readonly protectedNamespaces: readonly string[];
  /** Whether bare signals count as approvals although they prove no identity. */
  readonly acceptSignals: boolean;
  /** Whether only a decision counts for which the API server proves who made it. */
  readonly requireIdentity: boolean;
}
