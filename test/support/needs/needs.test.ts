import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { updatesGolden } from './updates-golden.ts'
import { needs, skipped, without } from './without.ts'

t.test('what a test needs may be missing, but in CI only if it is named', async (t) => {
  const skip = (env: NodeJS.ProcessEnv) => skipped('helm', 'this test needs helm', env)
  for (const env of [
    {},
    { CI: '' },
    { CI: 'false' },
    { CI: 'true', AKV_TEST_WITHOUT: 'helm' },
    { CI: 'true', AKV_TEST_WITHOUT: 'fish,helm' },
  ])
    t.equal(skip(env), 'this test needs helm', JSON.stringify(env))
  for (const env of [
    { CI: 'true' },
    { CI: 'true', AKV_TEST_WITHOUT: '' },
    { CI: 'true', AKV_TEST_WITHOUT: 'fish,helmfile' },
  ])
    t.throws(
      () => skip(env),
      {
        message:
          'this test needs helm. With CI=true that is a failure, unless you name it: AKV_TEST_WITHOUT=helm',
      },
      JSON.stringify(env),
    )
})

t.test('a program that is there causes no skip', async (t) => {
  t.equal(without('bash'), false)
})

t.test('.ci/run looks for everything that a test may need', async (t) => {
  const script = readFileSync(join(import.meta.dirname, '../../../.ci/run'), 'utf8')
  for (const name of Object.keys(needs)) t.match(script, `\n  needs ${name} `)
})

t.test('golden outputs are written only if asked for, and never in CI', async (t) => {
  t.equal(updatesGolden({}), false)
  t.equal(updatesGolden({ CI: 'true' }), false)
  t.equal(updatesGolden({ UPDATE_GOLDEN: '1' }), true)
  t.throws(() => updatesGolden({ UPDATE_GOLDEN: '1', CI: 'true' }), /refused with CI=true/)
})
