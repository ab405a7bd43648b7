import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { classText } from '../../support/csi-texts.ts'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

t.test(
  '--strict exits with 1 if something stays or there is nothing, and writes the same',
  async (t) => {
    const shop = readFileSync(join(root, 'test/fixtures/migrate/shop.yaml'), 'utf8')
    const migrate = (input: string, ...args: readonly string[]) =>
      runInProcess(['migrate', '-', ...args], { input })
    const [relaxed, strict] = [await migrate(shop), await migrate(shop, '--strict')]
    t.strictSame(strict, relaxed, 'nothing stays')
    t.equal(
      (await migrate(relaxed.stdout, '--strict')).code,
      0,
      'and a second run has no work left',
    )
    const klass = classText('team-a')
    t.match(await migrate(klass), { code: 0, stdout: klass, stderr: /stays as it is/ })
    t.match(await migrate(klass, '--strict'), { code: 1, stdout: klass, stderr: /stays as it is/ })
    const other = 'kind: Service\n'
    t.match(await migrate(other), { code: 0, stdout: other, stderr: '' })
    t.match(await migrate(other, '--strict'), {
      code: 1,
      stdout: other,
      stderr: /^warning: nothing to migrate: /,
    })
    const folder = t.testdir({ 'class.yaml': klass })
    for (const code of [0, 1])
      t.match(await runInProcess(['migrate', '--dry-run', ...(code ? ['--strict'] : []), folder]), {
        code,
        stderr: /stays as it is/,
      })
  },
)
