import type { App } from '../apps.ts';
import { hasHealed, isOpen, type Incident } from '../incident.ts';
import { scenarios } from '../scenario.ts';
import type { Places, Victim } from '../presenter.ts';
import { incidentLines } from './incident-lines.ts';
import type { Glyphs } from './glyphs.ts';
import { plain, printable, styled, type Line } from './line.ts';

export interface Picture {
  readonly places: Places;
  readonly apps: readonly App[];
  readonly victims: readonly Victim[];
  /** Newest last. */
  readonly events: readonly { readonly at: number; readonly text: string }[];
  readonly startedAt: number;
}

export interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly now: number;
  readonly glyphs: Glyphs;
}

/** What is left out, step by step, until the rest fits into the terminal. */
const MAX_COMPACTNESS = 6;
const MAX_EVENTS = 8;
const MIN_EVENTS = 3;

/** The whole picture, top to bottom; at most as many lines as the terminal has, less one for the cursor. */
export function layOut(picture: Picture, frame: Frame): readonly Line[] {
  const room = Math.max(1, frame.rows - 1);
  for (let compactness = 0; ; compactness++) {
    const above = [...header(picture, frame, compactness), ...appSections(picture, frame, compactness)];
    const below = hints(picture, compactness);
    const left = room - above.length - below.length;
    const wanted = Math.min(MIN_EVENTS, picture.events.length) + 2;
    if (left >= wanted || compactness === MAX_COMPACTNESS)
      return [...above, ...eventSection(picture, Math.max(0, left - 2)), ...below].slice(0, room);
  }
}

function header({ places, apps, startedAt }: Picture, { now }: Frame, compactness: number): Line[] {
  const own = scenarios.map(({ app }) => apps.find(({ name }) => name === app)?.incidents[0]);
  const healed = own.filter((incident) => incident !== undefined && !isOpen(incident)).length;
  const title: Line = [
    styled('bold', 'KubeSkippy demo'),
    plain(`  ${clock(now - startedAt)}  `),
    styled(healed === own.length ? 'good' : 'busy', `${healed} of ${own.length} faults healed`),
  ];
  if (compactness >= 5) return [title];
  return [
    title,
    [plain('  Temporal UI  '), styled('link', places.temporalUi)],
    [plain('  Prometheus   '), styled('link', places.prometheus)],
    [plain('  kubectl      '), styled('link', `export KUBECONFIG=${places.kubeconfig}`)],
    ...(places.kubectlOnPath ? [] : [[plain('               '), styled('link', `alias kubectl=${places.kubectl}`)]]),
    ...(compactness >= 4 ? [] : [[]]),
  ];
}

function appSections({ apps }: Picture, frame: Frame, compactness: number): Line[] {
  return apps.flatMap((app): Line[] => {
    const incident = app.incidents.at(-1);
    const open = incident !== undefined && isOpen(incident);
    const detail = compactness >= 3 ? 'steps' : compactness >= (open ? 2 : 1) ? 'short' : 'full';
    return [
      appLine(app, incident, frame),
      ...(app.held === undefined ? [] : [[styled('busy', `    ${printable(app.held)}`)]]),
      ...(incident === undefined || (compactness >= 6 && !open) ? [] : incidentLines(incident, detail, frame)),
      ...(compactness >= 4 ? [] : [[]]),
    ];
  });
}

function appLine(
  { name, wanted, available, well, incidents, held }: App,
  incident: Incident | undefined,
  { glyphs }: Frame,
): Line {
  const failed = incident?.actions.at(-1)?.status?.phase === 'Failed';
  const [style, mark] = failed
    ? (['bad', glyphs.failed] as const)
    : well && held === undefined && (incident === undefined || !isOpen(incident))
      ? (['good', glyphs.done] as const)
      : (['busy', glyphs.ahead] as const);
  const before = incidents.slice(0, -1).filter(({ actions }) => actions.some(hasHealed)).length;
  const what =
    incident === undefined
      ? wanted > 0 && well
        ? 'runs'
        : 'is coming up'
      : (incident.scenario?.fault ?? printable(incident.actions[0]?.spec.trigger?.name ?? 'requested by hand'));
  return [
    styled(style, mark),
    plain(' '),
    styled('bold', name.padEnd(10)),
    styled('dim', `  ${available}/${wanted} available  `),
    plain(what),
    ...(before === 0 ? [] : [styled('dim', `  (healed ${before === 1 ? 'once' : `${before} times`} before)`)]),
  ];
}

function eventSection({ events }: Picture, room: number): Line[] {
  const shown = room === 0 ? [] : events.slice(-Math.min(room, MAX_EVENTS));
  if (shown.length === 0) return [];
  return [
    [styled('bold', 'What happens')],
    ...shown.map(({ at, text }): Line => [styled('dim', `  ${timeOfDay(at)}  `), plain(printable(text))]),
    [],
  ];
}

function hints({ victims }: Picture, compactness: number): Line[] {
  const end: Line = [styled('dim', 'Ctrl-C ends everything.')];
  if (compactness >= 2) return compactness >= 5 ? [] : [end];
  const [first, ...others] = ['worker', 'controller', 'temporal', 'kube-apiserver', 'etcd', 'kubelet'].flatMap(
    (name) => victims.find((victim) => victim.name === name) ?? [],
  );
  return [
    [styled('bold', 'Break it yourself'), styled('dim', ' in another terminal, with the KUBECONFIG above')],
    [plain('  kubectl get hp,ha -n demo -w')],
    ...scenarios.flatMap(({ command }): Line[] => (command === undefined ? [] : [[plain(`  ${command}`)]])),
    ...(first === undefined
      ? []
      : [
          [
            plain(`  kill -9 ${first.pid}`),
            styled('dim', `   ${first.name}; ${others.map(({ name, pid }) => `${name} ${pid}`).join(', ')}`),
          ],
        ]),
    end,
  ];
}

/** `1:05`. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const timeOfDay = (at: number): string => new Date(at).toTimeString().slice(0, 8);
