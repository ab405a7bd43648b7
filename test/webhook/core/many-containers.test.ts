import t from 'tap'
import type { PatchOperation } from '../../../webhook/core/model/outcome.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { requestFor } from './arbitraries.ts'
import { policy } from './policy.ts'

const annotations = {
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/secrets': 'db-password, creds/api.key=api-key',
  'akv-injector.io/env': 'DB_PASSWORD=db-password, api-key',
}
const container = (i: number) => ({ name: `app-${i}`, image: 'registry.example/app:3.2' })

function operationsFor(containers: readonly object[]): readonly PatchOperation[] {
  const outcome = mutate(requestFor({ metadata: { annotations }, spec: { containers } }), policy)
  if (outcome.kind !== 'injected') throw new Error(JSON.stringify(outcome))
  return outcome.operations
}

t.test('a pod of 256 containers has in each what a pod of one has', async (t) => {
  const count = 256
  const operations = operationsFor([container(0)])
  const many = operationsFor(Array.from({ length: count }, (_, i) => container(i)))
  const isOfContainer = ({ path }: PatchOperation) => path.startsWith('/spec/containers/')
  const expected = Array.from({ length: count }, (_, i) =>
    operations.filter(isOfContainer).map((operation) => ({
      ...operation,
      path: operation.path.replace('/containers/0/', `/containers/${i}/`),
    })),
  )
  t.strictSame(many.filter(isOfContainer), expected.flat())
  t.ok(operations.filter(isOfContainer).length > 0)

  const names = Array.from({ length: count }, (_, i) => `"app-${i}"`).join()
  const others = JSON.stringify(operations.filter((operation) => !isOfContainer(operation)))
  const ofAll = others.replace(String.raw`\"app-0\"`, names.replaceAll('"', String.raw`\"`))
  t.equal(JSON.stringify(many.filter((operation) => !isOfContainer(operation))), ofAll)
})
