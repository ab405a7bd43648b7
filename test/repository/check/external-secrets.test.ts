import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { updatesGolden } from '../../support/needs/updates-golden.ts'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const fixtures = join(root, 'test/fixtures/external-secrets')
const updates = updatesGolden()
/** Without it, standard error says what is assumed about classes. */
const env = { AKV_INJECTOR_CSI: 'labelled' }

t.test('check reports the outcome for each ExternalSecret and each store', async (t) => {
  for (const name of readdirSync(fixtures)) {
    const input = readFileSync(join(fixtures, name, 'manifests.yaml'), 'utf8')
    const { code, stdout, stderr } = await runInProcess(['check', '-'], { input, env })
    const output = `${stdout}exit code ${code}\n`
    const file = join(fixtures, name, 'check.txt')
    if (updates) writeFileSync(file, output)
    t.equal(output, readFileSync(file, 'utf8'), name)
    t.equal(stderr, '', name)
  }
})

t.test('each problem names what is wrong, and says what to do', async (t) => {
  const names =
    /^(?:AKV_\w+: )?(?:spec\b|(?:Cluster)?(?:SecretStore|Secret|ServiceAccount|ExternalSecret) |its |these files )/
  const says = /;|: expected|accepted: |must not|needs the key|no item of spec\.data has/
  for (const name of readdirSync(fixtures)) {
    const input = readFileSync(join(fixtures, name, 'manifests.yaml'), 'utf8')
    const { stdout } = await runInProcess(['check', '-', '--output', 'json'], { input, env })
    for (const { code, message } of JSON.parse(stdout).findings) {
      if (code !== 'AKV_SYNC_SOURCE') continue
      t.match(message, names, name)
      t.match(message, says, name)
    }
  }
})
