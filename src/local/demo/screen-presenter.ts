import type { App } from './apps.ts';
import type { Places, Presenter, Victim } from './presenter.ts';
import type { Glyphs } from './screen/glyphs.ts';
import { layOut } from './screen/layout.ts';
import { renderLine } from './screen/line.ts';
import { Painter, type Terminal } from './screen/painter.ts';

const KEPT_EVENTS = 50;

/** A terminal that tells when its size has changed. */
export interface ResizableTerminal extends Terminal {
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** One picture of everything, kept up to date in place; the start and the end are ordinary lines before and after it. */
export function screenPresenter(terminal: ResizableTerminal, glyphs: Glyphs, colour: boolean): Presenter {
  const startedAt = Date.now();
  const painter = new Painter(terminal);
  const events: { at: number; text: string }[] = [];
  let places: Places | undefined;
  let apps: readonly App[] = [];
  let victims: readonly Victim[] = [];

  const paint = (): void => {
    if (places === undefined) return;
    const { rows } = terminal;
    const columns = terminal.columns - 1; // a line that fills the last column leaves some terminals in doubt where they are
    const lines = layOut({ places, apps, victims, events, startedAt }, { columns, rows, now: Date.now(), glyphs });
    painter.paint(lines.map((line) => renderLine(line, columns, colour, glyphs.ellipsis)));
  };
  const repaint = (): void => {
    painter.invalidate();
    paint();
  };
  const happened = (text: string): void => {
    if (places === undefined) terminal.write(`${text}\n`);
    events.push({ at: Date.now(), text });
    events.splice(0, events.length - KEPT_EVENTS);
    paint();
  };
  return {
    progress(line) {
      if (places === undefined) terminal.write(`${line}\n`);
      else happened(line);
    },
    happened,
    started(where) {
      places = where;
      terminal.on('resize', repaint);
      process.on('SIGCONT', repaint); // back from Ctrl-Z: the shell has written over it
      paint();
    },
    show(nowApps, nowVictims) {
      apps = nowApps;
      victims = nowVictims;
      paint();
    },
    close() {
      terminal.off('resize', repaint);
      process.off('SIGCONT', repaint);
      paint();
      places = undefined;
      painter.close();
    },
  };
}
