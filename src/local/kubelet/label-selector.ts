type Labels = Readonly<Record<string, string>>;

/** A label selector as the API writes it (`a=b,c!=d,e,!f,g in (h,i)`) as a predicate; undefined if it is malformed. */
export function parseLabelSelector(text: string): ((labels: Labels) => boolean) | undefined {
  const tests: ((labels: Labels) => boolean)[] = [];
  for (const term of text.split(/,(?![^(]*\))/)) {
    if (text.trim() === '') break;
    const test = parseTerm(term.trim());
    if (test === undefined) return undefined;
    tests.push(test);
  }
  return (labels) => tests.every((test) => test(labels));
}

function parseTerm(term: string): ((labels: Labels) => boolean) | undefined {
  const exists = /^(!?)([\w./-]+)$/.exec(term);
  if (exists !== null) return (labels) => Object.hasOwn(labels, exists[2] ?? '') === (exists[1] === '');
  const match = /^([\w./-]+)\s*(?:(==?|!=)\s*([\w.-]*)|\s(in|notin)\s*\(([\w.,\s-]*)\))$/.exec(term);
  if (match === null) return undefined;
  const [, key = '', operator, value = '', set, members = ''] = match;
  const wanted = set === undefined ? [value] : members.split(',').map((member) => member.trim());
  const negated = operator === '!=' || set === 'notin';
  return (labels) => {
    const actual = Object.hasOwn(labels, key) ? labels[key] : undefined;
    return (actual !== undefined && wanted.includes(actual)) !== negated;
  };
}
