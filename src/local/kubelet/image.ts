export const REGISTRY = 'kubeskippy.local';

/** What an image reference comes to on this node. */
export type ImageResolution =
  | { readonly kind: 'program'; readonly program: string; readonly ref: string; readonly id: string }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'missing'; readonly ref: string; readonly message: string };

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REFERENCE = new RegExp(
  `^(?:((?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.[a-zA-Z0-9-]+)*(?::[0-9]+)?)/)?` +
    `(${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@([a-z0-9]+:[0-9a-f]{32,}))?$`,
);

/**
 * Maps `kubeskippy.local/<program>[:tag]` to a bundled program. Any other registry, an unknown program and a tag that
 * begins with `broken` cannot be pulled; the texts are those of containerd, so that people recognise them.
 */
export function resolveImage(image: string, programs: ReadonlySet<string>): ImageResolution {
  const match = REFERENCE.exec(image);
  if (match === null)
    return {
      kind: 'invalid',
      message: `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
    };
  const [, first, rest = '', tag, digest] = match;
  // Docker's rule: the first component is a registry only if it looks like a host.
  const isHost = first !== undefined && (/[.:]/.test(first) || first === 'localhost');
  const host = isHost ? first : 'docker.io';
  const path = isHost || first === undefined ? rest : `${first}/${rest}`;
  const repository = host === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  const ref = `${host}/${repository}${digest === undefined ? `:${tag ?? 'latest'}` : `@${digest}`}`;
  if (host !== REGISTRY)
    return {
      kind: 'missing',
      ref,
      message:
        `failed to pull and unpack image "${ref}": failed to resolve reference "${ref}": failed to do request: ` +
        `dial tcp: lookup ${host}: no such host (this node only has ${REGISTRY})`,
    };
  if (!programs.has(path) || (tag ?? '').startsWith('broken') || digest !== undefined)
    return {
      kind: 'missing',
      ref,
      message: `failed to pull and unpack image "${ref}": failed to resolve reference "${ref}": ${ref}: not found`,
    };
  return { kind: 'program', program: path, ref, id: `${REGISTRY}/${path}` };
}
