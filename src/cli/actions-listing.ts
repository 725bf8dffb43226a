import type { HealingAction } from '../api/healing-action.ts';
import { HEADINGS, rowOf, type Columns } from './action-rows.ts';
import { paintFor } from './output/paint.ts';
import { print, printData, type DataFormat } from './output/print.ts';
import { tableLines, type Row } from './output/table.ts';

export type ListFormat = DataFormat | 'wide' | 'name';

/** How a list of actions is printed, and then those that change. */
export interface Listing {
  /** `goesOn`: more will follow, one by one. */
  print(found: readonly HealingAction[], goesOn: boolean): void;
  readonly printOne: (action: HealingAction) => void;
}

export function listingIn(
  output: ListFormat | undefined,
  { namespace }: { readonly namespace: string | undefined },
): Listing {
  switch (output) {
    case 'json':
    case 'yaml':
      return data(output);
    case 'name':
      return names;
    case 'wide':
    case undefined:
      return table({ wide: output === 'wide', namespaces: namespace === undefined });
  }
}

/** One list; of what goes on, as `kubectl get --watch` does, one document for each action. */
function data(format: DataFormat): Listing {
  const printOne = (action: HealingAction): void => {
    if (format === 'yaml') print('---');
    printData(action, format);
  };
  return {
    print(found, goesOn) {
      if (goesOn) found.forEach(printOne);
      else printData({ apiVersion: 'v1', kind: 'List', items: found }, format);
    },
    printOne,
  };
}

const printName = ({ metadata }: HealingAction): void => {
  print(`healingaction.kubeskippy.io/${metadata.name}`);
};
const names: Listing = {
  print: (found) => {
    found.forEach(printName);
  },
  printOne: printName,
};

function table(columns: Columns): Listing {
  const paint = paintFor(process.stdout);
  // What has been printed gives the columns their width; at first it is guessed.
  let printed: readonly Row[] = [];
  return {
    print(found, goesOn) {
      const now = new Date();
      printed = [HEADINGS(columns), ...found.map((action) => rowOf(action, columns, now))];
      if (found.length > 0) print(tableLines(printed, paint).join('\n'));
      else if (goesOn) {
        const widths = [...(columns.namespaces ? [12] : []), 28, 10, 18, 7, 24];
        printed = [...printed, widths.map((width) => 'x'.repeat(width))];
        print(tableLines(printed, paint)[0] ?? '');
      }
    },
    printOne(action) {
      print(tableLines([...printed, rowOf(action, columns, new Date())], paint).at(-1) ?? '');
    },
  };
}
