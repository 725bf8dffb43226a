import type { Trigger } from '../api/healing-policy.ts';
import { condition } from './condition.ts';
import type { CompiledTrigger, TriggerDefinition } from './define-trigger.ts';

/** Every type of trigger that is honoured. A new one is one file and one line here. */
const triggers: Readonly<Partial<Record<Trigger['type'], TriggerDefinition>>> = { condition };

export const isHonoured = (type: Trigger['type']): boolean => triggers[type] !== undefined;

/** The trigger, ready to be asked. Throws a TypeError that says what is wrong with it. */
export function compileTrigger(trigger: Trigger): CompiledTrigger {
  const definition = triggers[trigger.type];
  if (definition === undefined) throw new TypeError(`triggers of type ${trigger.type} have no effect in this release`);
  return definition.compile(trigger);
}
