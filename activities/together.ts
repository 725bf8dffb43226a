/**
 * Two parts of one step, side by side: two steps would cost the workflow a task each. Both come to their ends, also when one
 * of them fails: the next attempt could be overtaken by what the other one does late.
 */
export async function together<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}
