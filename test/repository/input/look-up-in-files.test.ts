import t from 'tap'
import { lookUpInFiles } from '../../../repository/input/look-up-in-files.ts'

const named = (
  kind: string,
  name: string,
  {
    namespace = 'shop',
    ...object
  }: { readonly namespace?: string; readonly [key: string]: unknown },
) => ({ kind, name, namespace, object })

const classOf = (parameters: object) => ({ spec: { provider: 'azure', parameters } })

function lookUp(classes: readonly string[], objects: Parameters<typeof lookUpInFiles>[1]) {
  const volumes = classes.map((secretProviderClass, i) => ({
    name: `v${i}`,
    csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass } },
  }))
  const request = {
    ...{ uid: '1', kind: 'Pod', group: '', operation: 'CREATE', subResource: '', dryRun: true },
    namespace: 'shop',
    object: { metadata: {}, spec: { serviceAccountName: 'web', containers: [], volumes } },
  }
  return lookUpInFiles(request, objects)
}

t.test(
  'a class is found by its name and the namespace of the pod; the last one counts',
  async (t) => {
    const { classes } = lookUp(
      ['a', 'b', 'c'],
      [
        named('SecretProviderClass', 'a', { is: 'first' }),
        named('SecretProviderClass', 'a', { is: 'last' }),
        named('SecretProviderClass', 'b', { namespace: 'elsewhere' }),
        named('ConfigMap', 'c', {}),
      ],
    )
    t.strictSame(
      [...classes],
      [
        ['a', { kind: 'found', object: { is: 'last' } }],
        [
          'b',
          {
            kind: 'unclear',
            sentence:
              'is not in namespace shop of these files, but in namespace elsewhere; write the same namespace in both files, or pass --namespace elsewhere if only kubectl gets it, or, if Kustomize sets it, check what Kustomize renders',
          },
        ],
        ['c', { kind: 'not-in-files' }],
      ],
    )
  },
)

t.test('the ServiceAccount is looked up only if a class names no client', async (t) => {
  const account = named('ServiceAccount', 'web', { is: 'web' })
  const withClient = named('SecretProviderClass', 'a', classOf({ clientID: 'c' }))
  const without = named('SecretProviderClass', 'b', classOf({}))
  t.equal(lookUp(['a'], [withClient, account]).account, undefined)
  t.strictSame(lookUp(['a', 'b'], [withClient, without, account]).account, {
    kind: 'found',
    object: { is: 'web' },
  })
  t.strictSame(lookUp(['b'], [without]).account, { kind: 'not-in-files' })
})
