// What the values of a chart leave out, and charts whose values are somebody else's.

import t from 'tap'
import { classText, podText } from '../../../support/csi-texts.ts'
import { without } from '../../../support/needs/without.ts'
import { makeFolder, type Texts } from '../../../support/repository.ts'
import { checkRepository } from './check-repository.ts'

const needsHelm = { skip: without('helm') }

/** A chart whose default values leave out its class. */
const chartWith = (name: string, { pod = 'kv', isOn = false } = {}): Texts => ({
  'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
  'chart/values.yaml': `kv: { isOn: ${isOn}, name: a }\n`,
  'chart/templates/kv.yaml': `{{- if .Values.kv.isOn }}\n${classText('team-a', name)}{{- end }}\n`,
  'chart/templates/web.yaml': podText('web', pod),
})
const releaseOf = (values: string) => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: shop, namespace: shop }
spec:
  chart: { spec: { chart: ./chart, sourceRef: { kind: GitRepository, name: flux-system } } }
  ${values}
`
const leftOut = (how: string) =>
  `Pod/web (chart (rendered)): undecided without SecretProviderClass kv\n  warning: SecretProviderClass kv ${how} chart/templates/kv.yaml, which the default values of chart leave out; pass others with --values FILE\n`

t.test('a pod whose class the values leave out is undecided', needsHelm, async (t) => {
  for (const [name, how] of [
    ['kv', 'is in'],
    ['"k{{ .Release.Name | trunc 1 }}"', 'may be made from'],
    ['{{ include "x" . }}', 'may be made from'],
  ] as const) {
    const { code, stdout, stderr } = await checkRepository(t, {
      ...chartWith(name),
      'chart/templates/_x.tpl': '{{ define "x" }}kv{{ end }}',
    })
    t.equal(code, 0, stdout)
    t.match(stdout, leftOut(how))
    t.match(stderr, 'skipped chart/templates/kv.yaml: has a SecretProviderClass, which the values')
  }
})

t.test('a class that no template could make is missing', needsHelm, async (t) => {
  const missing = 'SecretProviderClass kv: is not among these files'
  for (const files of [
    chartWith('other'),
    chartWith('"k{{ .Values.x }}-other"'),
    // Its template has made another name.
    chartWith('{{ .Values.kv.name }}', { isOn: true }),
    // A template that may make nearly any name counts only for its own chart.
    ...['"k{{ .Values.x }}"', '"{{ .Values.x }}v"'].map((name) => ({
      ...chartWith(name, { pod: 'own-v' }),
      'web.yaml': podText(),
    })),
    { ...chartWith('{{ .Values.kv.name }}', { pod: 'a', isOn: true }), 'web.yaml': podText() },
  ]) {
    const { code, stdout } = await checkRepository(t, files)
    t.equal(code, 1)
    t.match(stdout, missing)
  }
})

t.test('what a release leaves out is missing', needsHelm, async (t) => {
  const { code, stdout } = await checkRepository(t, {
    ...chartWith('kv'),
    'release.yaml': releaseOf('values: { kv: { isOn: false } }'),
  })
  t.equal(code, 1)
  t.match(stdout, 'SecretProviderClass kv: is not among these files')
})

t.test('the chart of a release that isn’t read is left aside', needsHelm, async (t) => {
  const unknown = 'valuesFrom: [{ kind: Secret, name: values }]'
  const files = { ...chartWith('kv', { isOn: true }), 'release.yaml': releaseOf(unknown) }
  for (const args of [[], ['--render']]) {
    const { code, stdout } = await checkRepository(t, files, { args })
    t.equal(code, 0)
    t.match(
      stdout,
      "warning: chart/templates/kv.yaml:3: has a SecretProviderClass, and isn't checked; skipped chart: is the chart of HelmRelease/shop, whose values aren't known here; to check it with others, pass --values CHART=FILE\n",
    )
    t.notMatch(stdout, 'Pod/web')
  }
  const given = { ...files, 'values.txt': 'kv: { isOn: true }' }
  const { stdout } = await checkRepository(t, given, { args: ['--values', 'chart=values.txt'] })
  t.match(stdout, 'Pod/web (chart (rendered)): would be served')
  const foreign = {
    ...Object.fromEntries(Object.entries(files).filter(([path]) => !path.includes('templates'))),
    'chart/templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
  }
  const { stderr } = await checkRepository(t, foreign)
  t.notMatch(stderr, 'skipped chart', 'it has nothing to check')
})

t.test('a template of a skipped chart may make the class', async (t) => {
  const name = '{{ .Release.Name }}-kv'
  const { run } = makeFolder(t, {
    ...chartWith(name),
    'web.yaml': podText('web', 'shop-kv'),
    'other.yaml': podText('other', 'shop-db'),
  })
  const { code, stdout } = await run(['check', '--no-render'])
  t.equal(code, 1)
  t.match(
    stdout,
    "Pod/web (web.yaml): undecided without SecretProviderClass shop-kv\n  warning: SecretProviderClass shop-kv may be made from chart/templates/kv.yaml, which isn't read, because chart is skipped; render",
  )
  t.match(stdout, 'SecretProviderClass shop-db: is not among these files')
})

t.test('a hostile template takes no time', async (t) => {
  for (const part of ['{{', '{{}', ' ', '{{ a }}', '\n', '\uFFFC']) {
    const { run } = makeFolder(t, {
      'chart/Chart.yaml': 'name: chart\n',
      'chart/templates/kv.yaml': `${classText('a', `${part.repeat(200_000)}`)}{{ x }}`,
      'web.yaml': podText(),
    })
    t.equal((await run(['check', '--no-render'])).code, 1)
  }
})
