import type { App } from './apps.ts';
import { milestonesOf } from './milestones.ts';
import type { Places, Presenter } from './presenter.ts';

/** One line per thing that happened, with the seconds since the start: for logs, pipes and dumb terminals. */
export function plainPresenter(write: (text: string) => void): Presenter {
  const began = Date.now();
  /** How many milestones of each incident have been written. */
  const written = new Map<string, number>();
  let closed = false;
  const say = (line: string): void => {
    write(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  };
  const showApp = ({ name, incidents }: App): void => {
    for (const [index, incident] of incidents.entries()) {
      const key = `${name}/${index}`;
      const lines = milestonesOf(incident);
      for (const line of lines.slice(written.get(key) ?? 0)) say(`${name}: ${line}`);
      written.set(key, Math.max(written.get(key) ?? 0, lines.length));
    }
  };
  return {
    progress: say,
    started({ temporalUi, prometheus, kubeconfig }: Places) {
      say(`Temporal UI ${temporalUi}`);
      say(`Prometheus ${prometheus}`);
      say(`export KUBECONFIG=${kubeconfig}; kubectl get hp,ha -n demo`);
    },
    show(apps) {
      if (!closed) for (const app of apps) showApp(app);
    },
    happened: say,
    close() {
      closed = true;
    },
  };
}
