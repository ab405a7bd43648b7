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
function debug(
  container: object,
  spec: object = debugged,
  harmlessContext: object = {},
): readonly boolean[] {
  const old = { name: 'old', volumeMounts: [volume(identityVolume)] }
  const added = { name: 'debug', ...container }
  const harmless = ['a', 'b'].map((name) => ({
    ...{ name, volumeMounts: [volume('scratch')] },
    ...harmlessContext,
  }))
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

/** What a debug container may not be where it sees the agent's process, and what it may be. */
const safe = { runAsUser: 1000, allowPrivilegeEscalation: false }
const restricted = { runAsNonRoot: true, allowPrivilegeEscalation: false }
const tooMighty = [
  undefined,
  {},
  restricted,
  { runAsUser: 1000 },
  { ...safe, runAsUser: 0 },
  { ...safe, runAsUser: -1 },
  { ...safe, runAsUser: 61_037 },
  { ...safe, allowPrivilegeEscalation: true },
  { ...safe, privileged: true },
  ...['SYS_PTRACE', 'ALL', 'CAP_SYS_ADMIN'].map((name) => ({
    ...safe,
    capabilities: { add: ['NET_BIND_SERVICE', name] },
  })),
]
const harmless = [
  safe,
  { ...safe, runAsUser: 65_532, privileged: false, capabilities: {} },
  { ...safe, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } },
]
/** An agent that refreshes, unless the changes say otherwise. */
const withAgent = (changes: object = {}) => ({
  shareProcessNamespace: true,
  initContainers: [
    { name: 'first' },
    {
      name: agentName,
      restartPolicy: 'Always',
      securityContext: { runAsUser: 61_037 },
      ...changes,
    },
  ],
})
const debugAs = (securityContext: object | undefined, spec: object) =>
  debug({ ...(securityContext && { securityContext }) }, spec, { securityContext: safe })

t.test('a debug container that sees an agent can’t take it over', async (t) => {
  const { shareProcessNamespace, ...alone } = withAgent()
  for (const spec of [withAgent(), { ...alone, hostPID: true }]) {
    for (const context of tooMighty)
      t.strictSame(debugAs(context, spec), refused, JSON.stringify([context, spec]))
    for (const context of harmless)
      t.strictSame(debugAs(context, spec), allowed, JSON.stringify([context, spec]))
  }
  for (const spec of [alone, { shareProcessNamespace }, { ...alone, shareProcessNamespace: false }])
    for (const context of tooMighty)
      t.strictSame(debugAs(context, spec), allowed, JSON.stringify([context, spec]))
})

t.test(
  'the user of an agent, and of a debug container, may be the pod’s or the image’s',
  async (t) => {
    const of = (runAsUser: number, spec: object) => debugAs({ ...safe, runAsUser }, spec)
    const older = withAgent({ securityContext: { runAsUser: 65_532 } })
    t.strictSame([of(65_532, older), of(61_037, older)], [refused, allowed])
    const inherited = {
      ...withAgent({ securityContext: {} }),
      securityContext: { runAsUser: 4711 },
    }
    t.strictSame([of(4711, inherited), of(65_532, inherited)], [refused, allowed])
    t.strictSame(debugAs(restricted, inherited), refused)
    const ofImage = withAgent({ securityContext: {} })
    t.strictSame([of(65_532, ofImage), of(4711, ofImage)], [refused, allowed])
    t.strictSame(
      debugAs(restricted, { ...withAgent(), securityContext: { runAsUser: 4711 } }),
      allowed,
    )
  },
)

t.test('an agent that has ended can’t be taken over', async (t) => {
  const found = (state: object, restartPolicy?: string) => {
    const spec = withAgent({ restartPolicy })
    const status = {
      initContainerStatuses: [
        { name: 'first', state: ended },
        { name: agentName, state },
      ],
    }
    return violated({
      ...{ operation: 'UPDATE', resource: 'pods/ephemeralcontainers', namespace },
      oldObject: { metadata: {}, spec, status },
      object: { metadata: {}, spec: { ...spec, ephemeralContainers: [{ name: 'debug' }] }, status },
    })
  }
  const ended = { terminated: { exitCode: 0 } }
  t.strictSame(found(ended), [])
  for (const state of [{ running: {} }, { waiting: {} }, { terminated: { exitCode: 1 } }, {}])
    t.strictSame(found(state), ['ephemeral-containers'], JSON.stringify(state))
  t.strictSame(found(ended, 'Always'), ['ephemeral-containers'], 'it starts again')
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
