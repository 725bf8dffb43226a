/** As `kubectl` takes it, and as `actions -o name` prints it. */
const TYPE = /^(ha|healingactions?(\.kubeskippy\.io)?)\//;

/** `ha/web-undo-1`: the name of a HealingAction, and nothing else. */
export const isTypeAndName = (text: string): boolean => TYPE.test(text);

export const withoutType = (text: string): string => text.replace(TYPE, '');
