import fc from 'fast-check'
import t from 'tap'
import { describeProblem } from '../../lib/problems/problem.ts'
import {
  externalSecretSource,
  storeContent,
} from '../../requests/external-secret/external-secret-source.ts'
import {
  readSeenExternalSecret,
  readSeenStore,
} from '../../requests/external-secret/seen-external-secret.ts'
import { anyCharacter } from '../support/any-character.ts'
import { policy } from '../webhook/core/policy.ts'
import { fuzz } from './harness/fuzz.ts'
import { mutatedJson } from './harness/mutated-json.ts'

const metadata = (name: string) => ({ namespace: 'shop', name, uid: name, resourceVersion: '1' })
const ref = (key: string) => ({ key, version: '1'.repeat(32), decodingStrategy: 'Auto' })
const secretSpecs = [
  {
    refreshInterval: '1h',
    secretStoreRef: { name: 'kv', kind: 'SecretStore' },
    target: {
      name: 'db',
      creationPolicy: 'Owner',
      template: {
        type: 'Opaque',
        mergePolicy: 'Merge',
        metadata: { labels: { app: 'web' }, annotations: { a: 'b' } },
        data: { url: '{{ .a | upper }}', b: '{{ if .a }}{{ index . "b" }}{{ end }}' },
      },
    },
    data: [
      { secretKey: 'a', remoteRef: { ...ref('a'), property: 'x.1' } },
      {
        secretKey: 'b',
        remoteRef: ref('cert/b'),
        sourceRef: { storeRef: { name: 'all', kind: 'ClusterSecretStore' } },
      },
    ],
    dataFrom: [{ extract: ref('c') }],
  },
]
const storeSpecs = [
  {
    controller: '',
    provider: {
      azurekv: {
        vaultUrl: policy.cloud.vaultUrl.replace('{vault}', 'team-a'),
        tenantId: '11111111-1111-1111-1111-111111111111',
        authType: 'WorkloadIdentity',
        environmentType: 'PublicCloud',
        serviceAccountRef: { name: 'web' },
      },
    },
    conditions: [{ namespaces: ['shop'], namespaceRegexes: ['^s'] }],
  },
]
const texts = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 40 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '\ud83d',
    '😀',
    '\n',
    '((a{100}){100}){100}',
    '{{ .a }}',
  ),
  fc.constantFrom('x', '😀', '\u001b').map((piece) => piece.repeat(20_000)),
)

t.test('any spec of an ExternalSecret and of its stores gets short answers', async (t) => {
  await fuzz(
    t,
    fc.property(mutatedJson(secretSpecs, texts), mutatedJson(storeSpecs, texts), (spec, store) => {
      const [seen] = readSeenExternalSecret({ metadata: metadata('db'), spec })
      const [found] = readSeenStore({ metadata: metadata('kv'), spec: store })
      const content =
        found && storeContent(found, { kind: 'SecretStore', namespace: found.namespace, policy })
      const findStore = () => content && { content }
      const source = seen && externalSecretSource(seen, { policy, findStore })
      if (source === undefined) throw new Error('it was not read')
      const { problems } = source
      if (problems.length > 25) throw new Error(`${problems.length} problems`)
      for (const problem of problems.map(describeProblem)) {
        if (problem.length > 3_000)
          throw new Error(`${problem.length} characters: ${problem.slice(0, 200)}`)
        if (/[\p{Cc}\p{Cs}]/u.test(problem)) throw new Error('it is not printable')
      }
    }),
  )
})
