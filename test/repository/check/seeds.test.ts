import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { updatesGolden } from '../../support/needs/updates-golden.ts'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { seedManifests } from '../../support/seed-manifests.ts'

const updates = updatesGolden()

t.test('each manifest of the seeds has its output', async (t) => {
  for (const { name, text, env, namespace } of seedManifests) {
    const args = ['check', '-', '--namespace', namespace]
    const { code, stdout, stderr } = await runInProcess(args, { input: text, env })
    const output = `${stdout}exit code ${code}\n`
    const file = join(root, 'test/fixtures/seeds', name, 'check.txt')
    if (updates) writeFileSync(file, output)
    t.equal(output, readFileSync(file, 'utf8'), name)
    t.equal(stderr, '', name)
  }
})
