import { messageOf } from '../adapters/kubernetes/kube-error.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/config.ts';
import type { ClusterOptions, TemporalOptions } from './commands/cluster-options.ts';
import { CommandFailure, EXIT } from './exit.ts';

/** The settings that the processes have, with what was typed on top. */
export function settingsFor({
  config,
  kubeconfig,
  context,
  temporalAddress,
  temporalNamespace,
}: ClusterOptions & TemporalOptions): Pick<Config, 'kubernetes' | 'temporal'> {
  const { kubernetes, temporal } = load(config);
  return {
    kubernetes: {
      ...kubernetes,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
    },
    temporal: {
      address: temporalAddress ?? temporal.address,
      namespace: temporalNamespace ?? temporal.namespace,
    },
  };
}

function load(file: string | undefined): Config {
  try {
    return loadConfig(process.env, file);
  } catch (error) {
    throw new CommandFailure(EXIT.usage, messageOf(error), { cause: error });
  }
}
