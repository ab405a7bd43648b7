import { isName, subdomainName } from '../../../lib/name-rules.ts'
import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problem.ts'
import { isObject } from '../../../lib/shape.ts'
import { parseUuid } from '../annotations/values/parse-uuid.ts'
import type { Pod } from '../pod.ts'
import { type Lookup, lookupProblem } from './looked-up.ts'

/** The identity that a ServiceAccount names with the annotations of azure-workload-identity. */
export interface AccountIdentity {
  readonly clientId?: string
  readonly tenantId?: string
  readonly problems: readonly Problem[]
}

const annotationsOfAzure = {
  clientId: 'azure.workload.identity/client-id',
  tenantId: 'azure.workload.identity/tenant-id',
} as const

/** The name of the pod's ServiceAccount. In a manifest that no API server has seen, the name may be absent. */
export const accountOf = ({ spec }: Pod): string =>
  spec.serviceAccountName || spec.serviceAccount || 'default'

/** Whether an account of this name can exist, and be looked up. */
export const isAccountName = (name: string): boolean => isName(name, subdomainName)

/** Reads the identity of a ServiceAccount. An account that doesn't exist names none. */
export function readAccountIdentity(
  lookup: Lookup | undefined,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): AccountIdentity {
  const subject = `ServiceAccount ${printable(name)}`
  if (!isAccountName(name))
    return { problems: [{ subject, sentence: `expected ${subdomainName.sentence}` }] }
  if (lookup?.kind === 'absent') return { problems: [] }
  if (lookup?.kind !== 'found') {
    const sentence = lookupProblem(lookup, { kind: 'ServiceAccount', namespace })
    return { problems: [{ subject, sentence }] }
  }
  const annotations = annotationsOf(lookup.object)
  const identity: { clientId?: string; tenantId?: string } = {}
  const problems: Problem[] = []
  for (const member of ['clientId', 'tenantId'] as const) {
    const key = annotationsOfAzure[member]
    const text = annotations(key)
    if (text === '') continue
    const parsed = parseUuid(text)
    if (parsed.kind === 'valid') identity[member] = parsed.value
    else
      problems.push({
        subject: `${subject}, ${key}`,
        found: printable(text),
        sentence: parsed.problem,
      })
  }
  return { ...identity, problems }
}

function annotationsOf(account: unknown): (key: string) => string {
  const metadata = isObject(account) ? account['metadata'] : undefined
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined
  return (key) => {
    const value =
      isObject(annotations) && Object.hasOwn(annotations, key) ? annotations[key] : undefined
    return typeof value === 'string' ? value.trim() : ''
  }
}
