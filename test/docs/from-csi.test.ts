import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { codeBlocks } from '../support/page-commands.ts'

const root = join(import.meta.dirname, '../..')
const page = 'docs/from-csi.md'
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const walk = 'test/cluster/node/csi/walk.test.ts'
/** The test that pastes the commands of each section, or applies its manifests. */
const triedIn: Readonly<Record<string, string>> = {
  '1. Look': walk,
  '2. Prepare identities': walk,
  '3. Turn it on': walk,
  '4. Move a namespace': walk,
  '5. Verify': walk,
  '6. Roll back': walk,
  '7. Secrets of secretObjects': 'test/cluster/sync/driver-secrets.test.ts',
  '8. Take the driver out': walk,
  'Annotations instead of volumes': walk,
  'Annotations for a whole repository': walk,
  'Who may set the label': 'test/cluster/csi/label-policy.test.ts',
}

t.test('every command of the procedure is tried by a test on a cluster', async (t) => {
  const headings = [...read(page).matchAll(/^#{2,} (.+)$/gm)].map(([, heading = '']) => heading)
  const withCommands = headings.filter(
    (heading) => codeBlocks({ page, heading, language: 'sh' }).length > 0,
  )
  const withManifests = headings.filter((heading) =>
    codeBlocks({ page, heading, language: 'yaml' }).some((block) => block.includes('kind:')),
  )
  t.strictSame([...withCommands, ...withManifests], Object.keys(triedIn))
  for (const [heading, test] of Object.entries(triedIn)) t.match(read(test), `'${heading}'`, test)
})
