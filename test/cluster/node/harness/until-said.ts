import type { Test } from 'tap'
import { until } from '../../client/cluster.ts'
import { podTimeoutMs } from './open-node.ts'

/** Repeats a command until it says all these words at once, because events and logs arrive after a moment. */
export async function untilSaid(
  t: Test,
  say: () => Promise<string>,
  ...words: readonly (string | RegExp)[]
): Promise<void> {
  let said = ''
  await until(async () => {
    said = await say()
    return words.every((some) => (typeof some === 'string' ? said.includes(some) : some.test(said)))
  }, podTimeoutMs).catch(() => undefined)
  for (const some of words) t.match(said, some)
}
