import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { updatesGolden } from '../../support/needs/updates-golden.ts'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { seedManifests } from '../../support/seed-manifests.ts'

const updates = updatesGolden()

t.test('each manifest of the seeds has its result', async (t) => {
  for (const { name, text, env, namespace } of seedManifests) {
    const { code, stdout, stderr } = await migrate(text)
    const result = stdout === text ? '(unchanged)\n' : stdout
    const output = `${result}--- standard error\n${stderr}exit code ${code}\n`
    const file = join(root, 'test/fixtures/seeds', name, 'migrate.txt')
    if (updates) writeFileSync(file, output)
    t.equal(output, readFileSync(file, 'utf8'), name)

    const again = await migrate(stdout)
    t.equal(again.stdout, stdout, `${name}: the result stays as it is`)

    async function migrate(input: string) {
      return await runInProcess(['migrate', '-', '--namespace', namespace], { input, env })
    }
  }
})
