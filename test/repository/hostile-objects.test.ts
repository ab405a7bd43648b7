// Objects that no API server would accept, in repositories of strangers.

import t from 'tap'
import { without } from '../support/needs/without.ts'
import { makeFolder, type Texts } from '../support/repository.ts'
import { podText } from '../support/run-command-line.ts'
import { runInFolder } from '../support/run-in-folder.ts'

/** JavaScript can't convert this mapping to text. */
const noText = '{ toString: 1, valueOf: 1 }'

const manifest = (apiVersion: string, kind: string, name: string, more = '') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name} }\n${more}`

const flux = (name: string, spec: string) =>
  manifest('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', name, `spec: ${spec}\n`)

t.test('mappings in place of texts are no internal errors', async (t) => {
  const files: Texts = {
    'repository/.git/HEAD': '',
    'repository/app/pod.yaml': podText({ vault: 'kv', secrets: 'x' }),
    'repository/a.yaml': [
      manifest(noText, 'Pod', 'a', 'spec: { containers: [] }\n'),
      manifest(noText, 'SecretSync', 'b'),
      manifest(noText, 'AzureAppConfigurationProvider', 'c'),
      manifest(noText, 'Kustomization', 'd'),
      manifest('v1', noText, 'e'),
      flux(noText, '{ path: ./app }'),
      manifest(noText, 'HelmRelease', 'i'),
      manifest(
        'helm.toolkit.fluxcd.io/v2',
        'HelmRelease',
        noText,
        `spec: { chart: { spec: { chart: ${noText} } } }\n`,
      ),
      manifest(
        'argoproj.io/v1alpha1',
        'Application',
        noText,
        `spec: { source: { path: ${noText} } }\n`,
      ),
      flux('g', `{ path: ./app, components: [${noText}] }`),
      flux('h', `{ path: ./app, postBuild: { substitute: { A: ${noText} } } }`),
    ].join('---\n'),
  }
  const folder = makeFolder(t, files).pathOf('repository')
  for (const command of ['check', 'identity', 'rbac', 'migrate']) {
    const { stderr } = await runInFolder(folder, [command, '.'])
    t.notMatch(stderr, 'internal error', command)
  }
})

const isSkipped = { skip: without('kustomize-or-kubectl') }

t.test('values that multiply from level to level end', isSkipped, async (t) => {
  const value = (text: string) => `postBuild: { substitute: { A: "${text}" } }`
  const many = '${A}'.repeat(1000)
  const files: Texts = {
    'repository/.git/HEAD': '',
    'repository/top/k.yaml': flux('a', `{ path: ./b, ${value('x'.repeat(1000))} }`),
    'repository/b/k.yaml': flux('b', `{ path: ./c, ${value(many)} }`),
    'repository/c/k.yaml': flux('c', `{ path: ./d, ${value(many)} }`),
    'repository/d/k.yaml': flux('d', `{ path: ./e, ${value(many)} }`),
    'repository/e/pod.yaml': podText({ vault: many, secrets: 'x' }),
  }
  const folder = makeFolder(t, files).pathOf('repository')
  const { stdout, stderr } = await runInFolder(folder, ['check', '.'])
  t.notMatch(stderr, 'internal error')
  t.match(stdout, 'e (rendered for top)')
})
