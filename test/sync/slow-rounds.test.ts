import t from 'tap'
import { startController } from '../../sync/controller.ts'
import { secretPagesOf } from '../support/secret-pages.ts'
import { freePace } from './harness/free-pace.ts'
import { annotations, startSimulation } from './harness/simulation.ts'

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** A value that takes milliseconds to look through. */
const json = JSON.stringify({ a: 'value', long: 'x'.repeat(24_000) })
const objects = Array.from({ length: 40 }, (_, n) => `k${n}=json-${n}#a`)

t.test('a round that finds no slow slot runs again, and nothing is reported of that', async (t) => {
  const simulation = await startSimulation(t)
  const { options, apiServer } = simulation
  const names = Array.from({ length: 10 }, (_, n) => `app-${n}`)
  const { tokenOf } = apiServer
  apiServer.tokenOf = (namespace) => tokenOf(namespace, 'web')
  apiServer.rights.enable('team-a', names)
  const held = Promise.withResolvers<void>()
  const allOpened = Promise.withResolvers<void>()
  let waiting = 0
  let refused = 0
  let opened = 0
  const controller = startController({
    ...options,
    openSession: (...args) => {
      opened++
      if (opened === names.length) allOpened.resolve()
      const version = '1'.repeat(32)
      const read = async () => {
        await allOpened.promise
        return {
          kind: 'secret' as const,
          value: json,
          contentType: undefined,
          isCertificate: false,
          version,
        }
      }
      return {
        ...options.openSession(...args),
        reader: { read, listVersions: async () => [], secretPages: () => secretPagesOf() },
      }
    },
    pace: {
      ...freePace,
      // The allowance is used up when the values are converted. Each round asks once more, and then waits or ends.
      hasAllowance: () => {
        const has = opened < names.length
        if (!has) refused++
        return has
      },
      awaitLine: async () => {
        waiting++
        await held.promise
      },
    },
    kinds: [],
    watch: 'cluster',
  })
  t.teardown(async () => {
    simulation.stop.abort()
    await controller.ended()
  })
  for (const name of names)
    apiServer.accounts.put(
      'team-a',
      name,
      annotations(`[{ secret: ${name}, data: "${objects.join(', ')}" }]`),
    )
  await until(() => refused >= names.length)
  t.equal(waiting, 7, 'a namespace leaves more of a quarter of the slots free than it takes')
  t.strictSame(simulation.events(), [])
  t.equal(opened, 10)
  held.resolve()
  await until(() => names.every((name) => simulation.values(name)?.['k39'] === 'value'))
  t.equal(opened, 13, 'three rounds ran again')
  t.notMatch(simulation.events().join('\n'), /Failed|CPU time/)
  t.notMatch(JSON.stringify(simulation.log), /CPU time/)
})
