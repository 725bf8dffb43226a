import type { KubeObject } from '../../api/meta.ts';
import type { KubeClient } from './kube-client.ts';
import { isKubeObject, UnparseableLineError } from './watch-stream.ts';

export interface ListPage {
  readonly items: readonly KubeObject[];
  /** Of the whole list, the same on every page. */
  readonly resourceVersion: string;
}

export interface PagedListOptions {
  readonly path: string;
  /** Items of a list carry neither; objects of a watch do. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly query: Readonly<Record<string, string | number | undefined>>;
  readonly signal: AbortSignal;
  /** For one page. */
  readonly timeoutMs: number;
}

const PAGE_SIZE = 500;

interface RawPage {
  readonly items?: readonly object[] | null;
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
}

/** A consistent list, page by page, so that only one page is in memory. Throws {@link KubeError}; 410 when it took too long. */
export async function* pagedList(client: KubeClient, options: PagedListOptions): AsyncGenerator<ListPage> {
  const { path, apiVersion, kind, signal, timeoutMs } = options;
  let next: string | undefined;
  do {
    const page = await client.request<RawPage>('GET', path, {
      query: { limit: PAGE_SIZE, ...options.query, continue: next },
      signal,
      timeoutMs,
    });
    const items: readonly unknown[] = (page.items ?? []).map((item) => ({ apiVersion, kind, ...item }));
    const resourceVersion = page.metadata?.resourceVersion;
    if (resourceVersion === undefined || !items.every(isKubeObject))
      throw new UnparseableLineError(`the answer to GET ${path} is no list of objects`);
    yield { items, resourceVersion };
    next = page.metadata?.continue;
  } while (next !== undefined && next !== '');
}
