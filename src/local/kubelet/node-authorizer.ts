import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import type { Resource } from '../../adapters/kubernetes/resource.ts';

const REVIEWS: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
};
const ALLOWED_FOR_MS = 300_000;
const DENIED_FOR_MS = 30_000;

/** Who a verified client certificate says that the caller is. */
export interface Caller {
  readonly user: string;
  readonly groups: readonly string[];
}

/** The caller of a TLS request whose certificate was verified; undefined without one. */
export function callerOf(request: IncomingMessage): Caller | undefined {
  const { socket } = request;
  if (!isTls(socket) || !socket.authorized) return undefined;
  const { CN, O } = socket.getPeerCertificate().subject;
  // An attribute that occurs more than once comes as a list.
  const user = Array.isArray(CN) ? CN[0] : CN;
  return { user: user ?? '', groups: Array.isArray(O) ? O : [O ?? ''].filter((group) => group !== '') };
}

const isTls = (socket: object): socket is Pick<TLSSocket, 'authorized' | 'getPeerCertificate'> =>
  'getPeerCertificate' in socket;

/** Asks the API server what a caller may do with this node, as a kubelet with webhook authorization does. */
export class NodeAuthorizer {
  readonly #client: KubeClient;
  readonly #nodeName: string;
  readonly #answers = new Map<string, { readonly allowed: boolean; readonly until: number }>();

  constructor(client: KubeClient, nodeName: string) {
    this.#client = client;
    this.#nodeName = nodeName;
  }

  /** Whether the caller may `get nodes/<subresource>` of this node. Throws if the API server cannot be asked. */
  async allows({ user, groups }: Caller, subresource: 'proxy' | 'metrics'): Promise<boolean> {
    const key = JSON.stringify([user, groups, subresource]);
    const known = this.#answers.get(key);
    if (known !== undefined && known.until > Date.now()) return known.allowed;
    const review = await this.#client.create<{ readonly status?: { readonly allowed?: boolean } }>(
      REVIEWS,
      {},
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user,
          groups: [...groups, 'system:authenticated'],
          resourceAttributes: { verb: 'get', version: 'v1', resource: 'nodes', subresource, name: this.#nodeName },
        },
      },
    );
    const allowed = review.status?.allowed === true;
    this.#answers.set(key, { allowed, until: Date.now() + (allowed ? ALLOWED_FOR_MS : DENIED_FOR_MS) });
    return allowed;
  }
}
