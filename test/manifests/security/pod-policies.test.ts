import t from 'tap'
import { agentRoot, servedFolder } from '../../../delivery/contract.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import {
  agentName,
  envVolume,
  filesVolume,
  identityVolume,
} from '../../../webhook/core/model/our-names.ts'
import type { Manifest } from '../rendered.ts'
import { violations } from './admission.ts'
import type { AdmissionRequest, Labels } from './matching.ts'
import { readRendering } from './renderings.ts'

/** What the policies that concern everybody refuse or report. docs/install.md describes them. */
const namespace = { name: 'shop' }
const install = readRendering('install')
const violated = (request: AdmissionRequest) =>
  violations(install, request).map(({ policy }) => policy)

const volume = (name: string, readOnly?: boolean) => ({ name, ...(readOnly && { readOnly }) })
const debugged = {
  initContainers: [
    {
      name: 'first',
      volumeMounts: [{ name: 'scratch', mountPath: `${agentRoot}/${servedFolder('scratch')}` }],
    },
    {
      name: agentName,
      volumeMounts: [
        { name: 'served', mountPath: `${agentRoot}/${servedFolder('served')}` },
        { name: 'token', mountPath: `${agentRoot}/token` },
      ],
    },
  ],
}
/** Whether an added debug container is refused: alone, and between two others. */
function debug(container: object, spec: object = debugged): readonly boolean[] {
  const old = { name: 'old', volumeMounts: [volume(identityVolume)] }
  const added = { name: 'debug', ...container }
  const harmless = ['a', 'b'].map((name) => ({ name, volumeMounts: [volume('scratch')] }))
  return [[added], [harmless[0], added, harmless[1]]].map((all) => {
    const found = violated({
      operation: 'UPDATE',
      resource: 'pods/ephemeralcontainers',
      namespace,
      oldObject: { metadata: {}, spec: { ...spec, ephemeralContainers: [old] } },
      object: { metadata: {}, spec: { ...spec, ephemeralContainers: [old, ...all] } },
    })
    return found.includes('ephemeral-containers')
  })
}
const refused = [true, true]
const allowed = [false, false]
const mounts = (...volumeMounts: readonly object[]) => ({ volumeMounts })

t.test('a debug container gets neither the token of an agent nor its processes', async (t) => {
  const containers = [
    mounts(volume(identityVolume)),
    mounts(volume(identityVolume, true)),
    mounts(volume('scratch'), volume(identityVolume, true)),
    { targetContainerName: agentName },
  ]
  for (const container of containers) t.strictSame(debug(container), refused)
})

t.test('a debug container mounts what apps trust only read-only', async (t) => {
  for (const name of [filesVolume, envVolume, 'served']) {
    t.strictSame(debug(mounts(volume(name))), refused, name)
    t.strictSame(debug(mounts(volume('scratch'), volume(name, false))), refused)
    t.strictSame(debug(mounts(volume(name, true))), allowed, name)
  }
  for (const container of [
    {},
    { targetContainerName: 'app' },
    mounts(volume('scratch'), volume('token')),
  ])
    t.strictSame(debug(container), allowed, JSON.stringify(container))
  t.strictSame(debug(mounts(volume('served')), {}), allowed, 'without an agent')
})

const pod = (annotations?: Labels, initContainers?: readonly object[]) => ({
  metadata: annotations ? { annotations } : {},
  spec: initContainers ? { initContainers } : {},
})
const asked = { [`${annotationPrefix}secrets`]: 'a' }
const create = (object: Manifest) =>
  violated({ operation: 'CREATE', resource: 'pods', namespace, object })

t.test('annotated pods without an agent are reported', async (t) => {
  const reported = [
    pod(asked),
    pod({ ...asked, [`${annotationPrefix}inject`]: 'true' }),
    pod({ a: 'b', ...asked }, [{ name: 'akv-injector-mine' }]),
  ]
  for (const object of reported) t.strictSame(create(object), ['uninjected-pods'])
  const others = [
    pod(),
    pod({ a: 'b', 'akv-injector.example/secrets': 'a' }),
    pod(asked, [{ name: 'first' }, { name: agentName }]),
    ...['false', 'False'].map((inject) => pod({ ...asked, [`${annotationPrefix}inject`]: inject })),
    pod({ ...asked, 'kubernetes.io/config.mirror': 'x' }),
  ]
  for (const object of others) t.strictSame(create(object), [], JSON.stringify(object))
})

t.test('accounts that sync doesn’t serve are reported if they ask for Secrets', async (t) => {
  const account = (annotations?: Labels) => ({ name: 'web', ...(annotations && { annotations }) })
  const sync = { 'akv-injector.io/sync': '[]' }
  const tried = (metadata: object) =>
    ['CREATE', 'UPDATE'].flatMap((operation) =>
      violated({
        operation,
        resource: 'serviceaccounts',
        namespace,
        object: { metadata },
      }),
    )
  t.strictSame(tried(account(sync)), ['unsynced-accounts', 'unsynced-accounts'])
  for (const annotations of [
    undefined,
    { [`${annotationPrefix}secrets`]: 'a' },
    { ...sync, [`${annotationPrefix}inject`]: 'False' },
  ])
    t.strictSame(tried(account(annotations)), [])
})
