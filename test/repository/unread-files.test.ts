// What isn't read may define what a file needs, or need what another file defines.

import { mkdirSync, symlinkSync } from 'node:fs'
import t from 'tap'
import { classText, podText } from '../support/csi-texts.ts'
import { makeRepository, type Texts } from '../support/repository.ts'

const environments: Texts = {
  '.classes/dev.yaml': classText('dev-vault'),
  'dev/web.yaml': podText(),
  'prod/kv.yaml': classText('prod-vault'),
  'prod/web.yaml': podText(),
}
const unclear = 'may have another definition in dev/kv.yaml, which'

t.test('a symbolic link may be the definition that counts', async (t) => {
  const { run, pathOf, texts, commit } = makeRepository(t, environments)
  symlinkSync('../.classes/dev.yaml', pathOf('dev/kv.yaml'))
  commit()
  const checked = await run(['check'])
  t.equal(checked.code, 1)
  t.match(checked.stdout, `Pod/web (dev/web.yaml): would be denied`)
  t.match(checked.stdout, `${unclear} isn't read`)
  const identity = await run(['identity'])
  t.match(identity, { code: 1, stderr: `${unclear} isn't read` })
  const { stderr } = await run(['migrate', '--write'])
  t.match(
    stderr,
    `Pod/web (dev/web.yaml): stays as it is: volume kv, SecretProviderClass kv: ${unclear}`,
  )
  t.match(stderr, 'SecretProviderClass/kv (prod/kv.yaml): stays as it is: Pod/web may need it')
  t.match(texts(), { 'dev/web.yaml': podText(), 'prod/web.yaml': /vault: prod-vault/ })
})

t.test('a linked folder defines nothing by its pages', async (t) => {
  for (const [file, code] of [
    ['kv.md', 0],
    ['kv.yaml', 1],
  ] as const) {
    const { run, pathOf } = makeRepository(t, {
      [`.pages/${file}`]: classText('dev-vault'),
      'app/web.yaml': podText(),
      'prod/kv.yaml': classText('prod-vault'),
    })
    symlinkSync('../.pages', pathOf('app/pages'))
    t.match(await run(['check']), { code }, file)
  }
})

t.test('a file that can’t be read may be the definition that counts', async (t) => {
  const { run } = makeRepository(t, {
    ...environments,
    'dev/kv.yaml': `${classText('dev-vault')}a: [\n`,
  })
  const { code, stdout } = await run(['check'])
  t.equal(code, 2)
  t.match(stdout, `${unclear} can't be read`)
  t.notMatch(stdout, /dev\/web\.yaml\): would be served/)
})

t.test('a link to the only definition is no other one, and keeps it', async (t) => {
  const { run, pathOf, texts, commit } = makeRepository(t, {
    'shared/kv.yaml': classText('one-vault'),
    'dev/web.yaml': podText(),
  })
  symlinkSync('../shared/kv.yaml', pathOf('dev/kv.yaml'))
  commit()
  t.equal((await run(['check'])).code, 0)
  const { stderr } = await run(['migrate', '--write'])
  t.match(texts()['dev/web.yaml'], 'akv-injector.io/vault: one-vault')
  t.match(stderr, "SecretProviderClass/kv (shared/kv.yaml): stays as it is: dev/kv.yaml isn't read")
})

t.test('links to what may use a class keep it', async (t) => {
  const { run, pathOf, texts, commit } = makeRepository(t, {
    'dev/kv.yaml': classText('dev-vault'),
    'dev/web.yaml': podText(),
    '.other/api.yaml': podText('api'),
    'chart/Chart.yaml': 'name: chart\n',
  })
  mkdirSync(pathOf('chart/templates'))
  symlinkSync('../../.other/api.yaml', pathOf('chart/templates/api.yaml'))
  const inChart = await run(['migrate', '--dry-run'])
  t.match(inChart.stderr, /kv\.yaml\): stays as it is: chart isn't rendered, and may need it/)
  symlinkSync('../.other', pathOf('dev/other'))
  commit()
  const inFolder = await run(['migrate', '--write'], ['dev'])
  t.match(inFolder.stderr, "kv.yaml): stays as it is: dev/other isn't read, and may need it")
  t.ok(texts()['dev/kv.yaml'])
})

t.test('a text that mentions classes keeps those it names', async (t) => {
  const values = `    helm:
      values: |
        volumes:
          - csi: { volumeAttributes: { secretProviderClass: kv } }
`
  const { run, texts } = makeRepository(t, {
    'dev/kv.yaml': classText('dev-vault'),
    'dev/other.yaml': classText('dev-vault', 'other'),
    'dev/web.yaml': podText(),
    'dev/api.yaml': podText('api', 'other'),
    'dev/app.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: shop }
spec:
  source:
${values}`,
  })
  const { code, stderr } = await run(['migrate', '--write'])
  t.equal(code, 0)
  t.match(
    stderr,
    'SecretProviderClass/kv (dev/kv.yaml): stays as it is: Application/shop (dev/app.yaml) names it',
  )
  t.ok(texts()['dev/kv.yaml'])
  t.notOk(texts()['dev/other.yaml'])
})
