import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mutate } from '../../webhook/core/mutate.ts'
import { requestFor } from '../webhook/core/arbitraries.ts'
import { bindingPolicy } from '../webhook/core/policy.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/annotations.md'), 'utf8')

/** The rows of a table below a heading: the code spans of the first column, and those of the last one. */
function rows(heading: string) {
  const [, section = ''] =
    new RegExp(`\n## ${heading}\n([\\s\\S]*?)(?=\n## |$(?!\n))`).exec(page) ?? []
  const codes = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(/ \| /))
    .map((cells) => ({ keys: codes(cells[0]), examples: codes(cells.at(-1)) }))
}

function admit(annotations: Readonly<Record<string, string>>) {
  const prefixed = Object.entries(annotations).map(([key, value]) => [
    `akv-injector.io/${key}`,
    value,
  ])
  const container = (name: string) => ({ name, image: 'x' })
  const pod = {
    metadata: { annotations: Object.fromEntries(prefixed) },
    spec: {
      initContainers: [container('migrate')],
      containers: [container('web'), container('worker')],
    },
  }
  return mutate(requestFor(pod), bindingPolicy)
}

t.test('the webhook accepts the example of every annotation', async (t) => {
  const base = { vault: 'team-a', secrets: 'other' }
  let tried = 0
  for (const { keys, examples } of rows('Keys'))
    for (const key of keys) {
      const example = examples.at(-1) ?? ''
      const outcome = admit({ ...base, [key.replace('FILE', 'app.conf')]: example })
      t.match(outcome, { kind: key === 'inject' ? 'skipped' : 'injected' }, `${key}: ${example}`)
      tried += 1
    }
  t.ok(tried >= 20)
})

t.test('the webhook accepts every entry of an object list that the page shows', async (t) => {
  const entries = rows('Naming objects').map(({ keys }) => keys[0]?.replace('\\|', '|') ?? '')
  t.ok(entries.length >= 12)
  t.match(admit({ vault: 'team-a', secrets: entries.join('\n') }), { kind: 'injected' })
  const template = /template\.app\.conf: \|\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  t.match(admit({ vault: 'team-a', 'template.app.conf': template }), { kind: 'injected' })
})
