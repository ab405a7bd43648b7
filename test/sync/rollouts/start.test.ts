import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const sync = join(import.meta.dirname, '../../../sync')

t.test('without roll-outs, a start loads no file of them', async (t) => {
  const files = readdirSync(sync, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('rollouts/'),
  )
  t.ok(files.includes('main.ts'))
  const imports = files.flatMap((file) =>
    [...readFileSync(join(sync, file), 'utf8').matchAll(/^import (?!type )[^']*'([^']*)'/gm)]
      .map(([, path = '']) => `${file}: ${path}`)
      .filter((text) => /\.\/rollouts\//.test(text)),
  )
  t.strictSame(imports, [], 'only types, which are erased')
  t.match(readFileSync(join(sync, 'main.ts'), 'utf8'), 'settings.rollouts && (await loadRollouts(')
})
