import type { HealingActionStatus } from '../../src/api/healing-action.ts';
import { isMark } from './oracle/effects.ts';
import type { Match } from './proxy/rule.ts';
import type { SeenRequest } from './proxy/seen-request.ts';

/** One write of a healing: what stands before it and after it may be separated by a crash. */
export interface Step {
  /** From 1, among the writes of its healing. */
  readonly index: number;
  /** What is written, and what it says: the same in every run of a scenario. */
  readonly signature: string;
  /** The how-manieth write with this signature it is, from 1. */
  readonly occurrence: number;
  /** For people: what this write adds to the one before. */
  readonly label: string;
  /** It changes something that is not the healer's own. */
  readonly effect: boolean;
}

/** Whether a request is a step of the healing in this namespace: Events tell people and decide nothing. */
export const isStepIn =
  (namespace: string) =>
  ({ method, path }: SeenRequest): boolean =>
    method !== 'GET' &&
    path.includes(`/namespaces/${namespace}/`) &&
    !path.includes(`/namespaces/${namespace}/events`) &&
    !/[?&]dryRun=/.test(path);

/** `PATCH deployments`, `POST pods/eviction`; for records of the healer also what they say. */
export function signatureOf({ method, path, body }: SeenRequest): string {
  const [, resource = '', rest = ''] = /\/namespaces\/[^/]+\/([^/?]+)([^?]*)/.exec(path) ?? [];
  const subresource = rest.split('/')[2];
  const what = `${method} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
  const said = sayings(body);
  return said.length === 0 ? what : `${what}: ${said.join(' ')}`;
}

/** Finds a step again in another run, in which something may be tried once more than in the recorded one. */
export const matchOf = (namespace: string, { signature, occurrence }: Step): Match => ({
  when: (request) => isStepIn(namespace)(request) && signatureOf(request) === signature,
  nth: occurrence,
});

/** The steps of a healing, from its writes in order. */
export function stepsFrom(requests: readonly SeenRequest[]): Step[] {
  const occurrences = new Map<string, number>();
  let known: ReadonlySet<string> = new Set();
  return requests.map((request, index) => {
    const said = sayings(request.body);
    const news = said.filter((saying) => !known.has(saying));
    if (said.length > 0) known = new Set(said);
    const signature = signatureOf(request);
    const [what = ''] = signature.split(':');
    const occurrence = (occurrences.get(signature) ?? 0) + 1;
    occurrences.set(signature, occurrence);
    return {
      index: index + 1,
      signature,
      occurrence,
      label: news.length === 0 ? what : `${what} ${news.join(' ')}`,
      effect: isEffect(request),
    };
  });
}

const isEffect = ({ path, body }: SeenRequest): boolean =>
  !path.includes('/apis/kubeskippy.io/') && !isMark(parsed(body));

/** What a HealingAction that is being written says of itself, word by word; said twice it counts once. */
function sayings(body: string): string[] {
  const { kind, status } = (parsed(body) ?? {}) as { readonly kind?: string; readonly status?: HealingActionStatus };
  if (kind !== 'HealingAction' || status === undefined) return [];
  const words = [
    ...(status.conditions ?? []).map(({ type, reason }) => `${type}=${reason}`),
    ...(status.approval === undefined ? [] : [`approval=${String(status.approval.approved)}`]),
    ...(status.claim === undefined ? [] : ['claimed']),
    ...(status.audit ?? []).map(({ kind: entry, step }) => (step === undefined ? entry : `${entry}-of-${step}`)),
    ...(status.rollback === undefined ? [] : [`rollback=${status.rollback.outcome}`]),
  ];
  return [...new Set(words)];
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // without a body, or a patch in YAML
  }
}
