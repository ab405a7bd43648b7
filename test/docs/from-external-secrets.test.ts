import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { codeBlocks } from '../support/page-commands.ts'

const root = join(import.meta.dirname, '../..')
const page = 'docs/from-external-secrets.md'
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const walk = 'test/cluster/sync/move-from-operator.test.ts'
const sections = [
  '1. Check',
  '2. Prepare identities',
  '3. Turn it on',
  '4. Stop the operator',
  '5. Hand the Secrets over',
  '6. Take the operator out',
  '7. Roll back',
]

t.test('every command of the procedure is tried by a test on an API server', async (t) => {
  const headings = [...read(page).matchAll(/^#{2,} (.+)$/gm)].map(([, heading = '']) => heading)
  const withCommands = headings.filter(
    (heading) => codeBlocks({ page, heading, language: 'sh' }).length > 0,
  )
  t.strictSame(withCommands, sections)
  for (const heading of sections) t.match(read(walk), `'${heading}'`, heading)
})
