import { parseObjectList } from '../../../requests/annotations/objects/parse-object-list.ts'
import { assertSentence } from '../harness/hostile.ts'

/** `akv-injector.io/secrets`. */
export function fuzz(data: Buffer): void {
  const list = data.toString()
  const { entries, problems } = parseObjectList(list, { defaultVault: 'team-a' })
  for (const { sentence } of problems) assertSentence(sentence)
  if (entries.length + problems.length > list.length) throw new Error('more entries than text')
}
