import { accept } from '../../activities/accept.ts';
import type { Attempt } from '../../activities/attempt.ts';
import { execute } from '../../activities/execute.ts';
import { fence } from '../../activities/fence.ts';
import type { ActivityPorts } from '../../activities/ports.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { AcceptedPlan, EffectOrder, ExecutionResult, FenceResult } from '../../src/domain/steps.ts';
import type { ObjectRef } from '../../src/domain/target-ref.ts';
import { at, MemoryWorld } from './memory-world.ts';

export const now = (): Date => new Date();

let serial = 0;

/** An attempt that has its whole time before it. */
export const attempt = (over: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  deadline: Date.now() + 15_000,
  auditId: `attempt-${(serial += 1)}`,
  now,
  ...over,
});

/** The plan of an action that must be accepted. */
export async function accepted(
  world: MemoryWorld,
  action: ObjectRef,
  over: Partial<ActivityPorts> = {},
): Promise<AcceptedPlan> {
  const plan = await accept({ ...world.ports, ...over }, action, now);
  if (plan.result !== 'accepted') throw new Error(`not accepted: ${plan.outcome.reason}: ${plan.outcome.message}`);
  return plan;
}

/** A world in which an action on the Deployment `cart` has just been accepted. */
export async function acceptedOnCart(over: Partial<ActivityPorts> = {}): Promise<{
  readonly world: MemoryWorld;
  readonly action: ObjectRef;
  readonly plan: AcceptedPlan;
}> {
  const world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  const action = world.action();
  return { world, action, plan: await accepted(world, action, over) };
}

/** One attempt at the effect of the plan that the action has now. */
export const tryEffect = (
  world: MemoryWorld,
  action: ObjectRef,
  order: Partial<EffectOrder> = {},
  over: Partial<Attempt> = {},
): Promise<ExecutionResult> =>
  execute(
    world.ports,
    action,
    (world.api.find(at('HealingAction', action.name)) as HealingAction | undefined)?.status?.planDigest ?? '',
    { tries: 1, claim: 1, dryRun: false, ...order },
    attempt(over),
  );

export const raise = (world: MemoryWorld, action: ObjectRef): Promise<FenceResult> =>
  fence(world.ports, action, attempt());
