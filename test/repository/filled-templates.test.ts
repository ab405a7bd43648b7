// A manifest with placeholders, beside what a pipeline has made of it.

import t from 'tap'
import { classText, podText } from '../support/csi-texts.ts'
import { makeFolder, type Texts } from '../support/repository.ts'

const different = 'is defined differently in one folder'
const checkOf = (t: Parameters<typeof makeFolder>[0], files: Texts) =>
  makeFolder(t, { 'k/web.yaml': podText(), ...files }).run(['check'])

t.test('a template and its filled form are one definition', async (t) => {
  for (const [template, filled] of [
    ['__VAULT__', 'team-a'],
    ['${VAULT}', 'team-a'],
    ['<vault>-${ENV}', 'team-a-dev'],
    ['a-${X}-b-${Y}-c', 'a-1-b-b-2-c'],
  ] as const)
    for (const [name, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const { run } = makeFolder(t, {
        'k/web.yaml': podText(),
        [`k/${name}.yaml`]: classText(template),
        [`k/${other}.yaml`]: classText(filled),
      })
      const { code, stdout } = await run(['check'])
      t.equal(code, 0, stdout)
      t.match(stdout, `from ${filled}:db`)
      const identity = await run(['identity'])
      t.notMatch(`${identity.stdout}${identity.stderr}`, different)
      t.match(identity.stdout, filled)
    }
})

const twoObjects = (first: string, second: string, alias: string) =>
  `${classText('team-a').replace('db,', `'${first}',`)}      - { objectName: ${second}, objectAlias: '${alias}' }\n`

t.test('a difference elsewhere counts', async (t) => {
  for (const [template, filled] of [
    [classText('${VAULT}'), classText('team-a').replace('db,', 'web,')],
    [classText('${VAULT}'), `${classText('team-a')}  secretObjects: []\n`],
    [classText('a-${X}'), classText('b-a-1')],
    [classText('a-${X}-b'), classText('a-b')],
    [classText('a-${X}-b-${Y}-c'), classText('a-1-2-c')],
    [classText('team-b'), classText('team-a')],
    [`${classText('${VAULT}')}  secretObjects: {}\n`, `${classText('team-a')}  secretObjects:\n`],
    [twoObjects('${A}', 'x', '${B}'), twoObjects('a', 'y', 'b')],
  ] as const) {
    const { code, stdout } = await checkOf(t, { 'k/a.yaml': template, 'k/b.yaml': filled })
    t.equal(code, 1, filled)
    t.match(stdout, different)
  }
})

t.test('a template of another folder is another environment', async (t) => {
  const { stdout } = await checkOf(t, {
    'k/kv.yaml': classText('${VAULT}'),
    'other/kv.yaml': classText('team-a'),
  })
  t.match(stdout, /^Pod\/web .*\n(?: .*\n)*? {2}file .* from \$\{VAULT\}:db$/m)
})

t.test('thousands of copies are compared in bounded time', async (t) => {
  const copies = Array.from({ length: 2_000 }, (_, i) => classText(i % 2 ? `kv-${i}` : '${VAULT}'))
  const { code, stdout } = await checkOf(t, { 'k/kv.yaml': copies.join('---\n') })
  t.equal(code, 1)
  t.match(stdout, different)
})
