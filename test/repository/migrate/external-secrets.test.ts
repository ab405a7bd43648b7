import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { updatesGolden } from '../../support/needs/updates-golden.ts'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const fixtures = join(root, 'test/fixtures/external-secrets')
const updates = updatesGolden()

const migrate = async (input: string) => await runInProcess(['migrate', '-'], { input })

t.test('migrate turns ExternalSecrets into annotations of their accounts', async (t) => {
  for (const name of readdirSync(fixtures)) {
    const input = readFileSync(join(fixtures, name, 'manifests.yaml'), 'utf8')
    const { code, stdout, stderr } = await migrate(input)
    const result = stdout === input ? '(unchanged)\n' : stdout
    const output = `${result}--- standard error\n${stderr}exit code ${code}\n`
    const file = join(fixtures, name, 'migrate.txt')
    if (updates) writeFileSync(file, output)
    t.equal(output, readFileSync(file, 'utf8'), name)

    const again = await migrate(stdout)
    t.equal(again.stdout, stdout, `${name}: the result stays as it is`)
  }
})
