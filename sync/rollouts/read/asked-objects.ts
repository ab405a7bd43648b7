import { wantedObjects } from '../../../delivery/projection/wanted-objects.ts'
import type { ObjectReference } from '../../../keyvault/reference.ts'
import { policyOf } from '../../../requests/administrator/defaults/namespace-policy.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import {
  type PodRequest,
  readPodAnnotations,
} from '../../../requests/annotations/read-pod-annotations.ts'
import { unversionedName } from '../../../requests/secret/object-versions.ts'
import type { SeenWorkload } from './read-workload.ts'

/** How the pods of a workload sign in, as their annotations say. */
export type AnnotatedIdentity = Pick<PodRequest, 'client-id' | 'tenant-id' | 'identity-binding'>

/** Something whose change rolls a workload out. */
export type RolledObject =
  | {
      readonly kind: 'vault'
      /** In the record. */
      readonly name: string
      readonly reference: ObjectReference
      readonly identity: AnnotatedIdentity
    }
  | { readonly kind: 'secret'; readonly name: string; readonly secret: string }

/** The objects and Secrets that a workload asks for. A pinned version never changes, so it isn't one of them. */
export function askedObjects(
  { ref, template, asks }: SeenWorkload,
  policy: Policy,
): readonly RolledObject[] {
  if (asks === undefined) return []
  const { isEnvOnly, isInjected } = asks
  if (!isInjected) {
    const names = template.secrets.flatMap(({ name, isEnv }) => (isEnv || !isEnvOnly ? [name] : []))
    return [...new Set(names)].map((secret) => ({
      kind: 'secret',
      name: `Secret/${secret}`,
      secret,
    }))
  }
  const { namespace } = ref
  const { request, problems } = readPodAnnotations(template.own, {
    policy: policyOf(policy, { namespace, annotations: template.own }),
    namespace,
    hasVolumes: true,
  })
  if (problems.length > 0) return []
  const { env } = request
  const wanted = isEnvOnly ? { files: [], templates: [], env } : request
  const newest = wantedObjects(wanted).flatMap(({ reference }) =>
    reference.version === undefined ? [[recordedName(reference, request), reference] as const] : [],
  )
  return [...new Map(newest)].map(([name, reference]) => ({
    kind: 'vault',
    name,
    reference,
    identity: identityOf(request),
  }))
}

const identityOf = (request: PodRequest): AnnotatedIdentity => ({
  ...(request['client-id'] !== undefined && { 'client-id': request['client-id'] }),
  ...(request['tenant-id'] !== undefined && { 'tenant-id': request['tenant-id'] }),
  ...(request['identity-binding'] !== undefined && {
    'identity-binding': request['identity-binding'],
  }),
})

/** Two workloads of an account may sign in as two clients, of which one may not be allowed to read the object. */
function recordedName(reference: ObjectReference, request: PodRequest): string {
  const identity = Object.values(identityOf(request)).join(' ')
  const name = unversionedName(reference)
  return identity === '' ? name : `${name} as ${identity}`
}
