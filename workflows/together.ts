/**
 * Both to their ends, also when one of them fails: a healing that went on without the other could be overtaken by what that
 * one does late.
 */
export async function together<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}
