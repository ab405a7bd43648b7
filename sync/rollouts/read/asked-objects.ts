import { wantedObjects } from '../../../delivery/projection/wanted-objects.ts'
import type { ObjectReference } from '../../../keyvault/reference.ts'
import { policyOf } from '../../../requests/administrator/defaults/namespace-policy.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import {
  annotatedBinding,
  bindingAnnotation,
  chooseBinding,
} from '../../../requests/annotations/identity-binding.ts'
import {
  type PodRequest,
  readPodAnnotations,
} from '../../../requests/annotations/read-pod-annotations.ts'
import { unversionedName } from '../../../requests/secret/object-versions.ts'
import type { SeenWorkload } from './read-workload.ts'
import type { ServedClass } from './served-class.ts'

/** How the pods of a workload sign in, as far as their annotations and classes say. */
export type RolledIdentity = Pick<PodRequest, 'client-id' | 'tenant-id' | 'identity-binding'>

/** Something whose change rolls a workload out. */
export type RolledObject =
  | {
      readonly kind: 'vault'
      /** In the record. */
      readonly name: string
      readonly reference: ObjectReference
      readonly identity: RolledIdentity
    }
  | { readonly kind: 'secret'; readonly name: string; readonly secret: string }

/**
 * The objects and Secrets that a workload asks for. A pinned version never changes, so it isn't one of them.
 *
 * @param context - `classes`: those of its volumes that could be read, by name
 */
export function askedObjects(
  workload: SeenWorkload,
  context: { readonly policy: Policy; readonly classes: ReadonlyMap<string, ServedClass> },
): readonly RolledObject[] {
  const { asks, template } = workload
  if (asks === undefined) return []
  const { isEnvOnly, isInjected } = asks
  const names = template.secrets.flatMap(({ name, isEnv }) => (isEnv || !isEnvOnly ? [name] : []))
  const secrets = isInjected ? [] : [...new Set(names)]
  return [
    ...vaultObjects(workload, { ...context, isEnvOnly }),
    ...secrets.map((secret) => ({ kind: 'secret', name: `Secret/${secret}`, secret }) as const),
  ]
}

/** The objects that the agent of its pods fetches. */
function vaultObjects(
  { ref: { namespace }, template }: SeenWorkload,
  {
    policy,
    classes,
    isEnvOnly,
  }: Parameters<typeof askedObjects>[1] & { readonly isEnvOnly: boolean },
): readonly RolledObject[] {
  const { request, problems } = readPodAnnotations(template.own, {
    policy: policyOf(policy, { namespace, annotations: template.own }),
    namespace,
    hasVolumes: true,
  })
  if (problems.length > 0) return []
  const served = template.classes.flatMap((name) => classes.get(name) ?? [])
  const identity = identityOf(request, { served, template, policy })
  const { env, templates } = request
  const files = [...request.files, ...served.flatMap((one) => one.files)]
  const wanted = isEnvOnly ? { files: [], templates: [], env } : { files, templates, env }
  const newest = wantedObjects(wanted).flatMap(({ reference }) =>
    reference.version === undefined
      ? [[recordedName(reference, identity), reference] as const]
      : [],
  )
  return [...new Map(newest)].map(([name, reference]) => ({
    kind: 'vault',
    name,
    reference,
    identity,
  }))
}

/**
 * As in the webhook, the classes of served volumes name what the annotations don't (docs/specification.md, "Identity of a served
 * pod").
 */
function identityOf(
  request: PodRequest,
  {
    served,
    template: { binding },
    policy,
  }: {
    readonly served: readonly ServedClass[]
    readonly template: Pick<SeenWorkload['template'], 'binding'>
    readonly policy: Policy
  },
): RolledIdentity {
  const clientId = request['client-id'] ?? served.find((one) => one.clientId)?.clientId
  const tenantId = request['tenant-id'] ?? served.find((one) => one.tenantId)?.tenantId
  const annotated = annotatedBinding({ [bindingAnnotation]: binding }, request['identity-binding'])
  const ofClasses = served.map(({ usesTokenProxy: asks }) => ({ field: { path: [] }, asks }))
  return {
    ...(clientId !== undefined && { 'client-id': clientId }),
    ...(tenantId !== undefined && { 'tenant-id': tenantId }),
    ...(chooseBinding(annotated, ofClasses, policy).usesBinding && { 'identity-binding': true }),
  }
}

/** Two workloads of an account may sign in as two clients, of which one may not be allowed to read the object. */
function recordedName(reference: ObjectReference, identity: RolledIdentity): string {
  const name = unversionedName(reference)
  const ids = Object.values(identity).map((id) => (id === true ? 'by a binding' : id))
  return ids.length === 0 ? name : `${name} as ${ids.join(' ')}`
}
