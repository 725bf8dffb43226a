import { describe, expect, test } from '@jest/globals';
import { containerEnv, expand, type ConfigSource } from '../../../../src/local/kubelet/environment.ts';
import type { Container } from '../../../../src/local/kubelet/pod.ts';
import { container, pod } from './fixtures.ts';

const source: ConfigSource = {
  configMap: (namespace, name) =>
    Promise.resolve(namespace === 'default' && name === 'cfg' ? { URL: 'u', LEVEL: 'info' } : undefined),
  secret: (_namespace, name) => Promise.resolve(name === 'keys' ? { TOKEN: 't' } : undefined),
};
const placement = { podIP: '10.64.0.1', hostIP: '127.0.0.1', capacity: { cpu: 2, memoryBytes: 4 * 2 ** 30 } };
const resolve = (of: Partial<Container>) => containerEnv(pod(), container('web', of), placement, source);

test('values, references and expansion, later names winning', async () => {
  const env = await resolve({
    resources: { limits: { memory: '64Mi' } },
    envFrom: [{ configMapRef: { name: 'cfg' } }, { prefix: 'S_', secretRef: { name: 'keys' } }],
    env: [
      { name: 'LEVEL', value: 'debug' },
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'MEM', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'TOKEN' } } },
      { name: 'ABSENT', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'nope', optional: true } } },
      { name: 'GREETING', value: '$(NAME) at $(IP), $(UNKNOWN), $$(NAME)' },
    ],
  });
  expect(env).toEqual({
    URL: 'u',
    LEVEL: 'debug',
    S_TOKEN: 't',
    NAME: 'shop-1',
    IP: '10.64.0.1',
    MEM: '64',
    CPU: '2',
    TOKEN: 't',
    GREETING: 'shop-1 at 10.64.0.1, $(UNKNOWN), $(NAME)',
  });
});

describe('what cannot be resolved says so as a kubelet does', () => {
  test.each([
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'gone', key: 'k' } } }] },
      'configmap "gone" not found',
    ],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'k' } } }] },
      "couldn't find key k in ConfigMap default/cfg",
    ],
    [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'gone', key: 'k' } } }] }, 'secret "gone" not found'],
    [{ envFrom: [{ configMapRef: { name: 'gone' } }] }, 'configmap "gone" not found'],
    [{ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nope' } } }] }, 'unsupported fieldPath: spec.nope'],
  ])('%j', async (of, message) => {
    await expect(resolve(of)).rejects.toThrow(message);
  });
});

test('expansion leaves text without a closing parenthesis alone', () => {
  expect(expand('$5 $$ $(A) $(A', { A: 'x' })).toBe('$5 $ x $(A');
});
