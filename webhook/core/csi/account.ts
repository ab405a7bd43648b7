import { isName, subdomainName } from '../../../lib/name-rules.ts'
import { printable } from '../../../lib/printable.ts'
import { describeField, type Problem } from '../../../lib/problems/problem.ts'
import { objectAt } from '../../../lib/shape.ts'
import {
  type AzureIdentity,
  readAzureIdentity,
} from '../../../requests/annotations/azure-identity.ts'
import { type Lookup, lookupProblem } from '../../../requests/class/looked-up.ts'
import type { Pod } from '../model/pod.ts'

/** The identity that a ServiceAccount names with the annotations of azure-workload-identity. */
export interface AccountIdentity extends AzureIdentity {
  readonly problems: readonly Problem[]
}

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
  const field = { path: [], subject: `ServiceAccount ${printable(name)}` }
  if (!isAccountName(name))
    return { problems: [{ ...field, sentence: `expected ${subdomainName.sentence}` }] }
  if (lookup?.kind === 'absent') return { problems: [] }
  if (lookup?.kind !== 'found') {
    const sentence = lookupProblem(lookup, { kind: 'ServiceAccount', namespace })
    return { problems: [{ ...field, sentence }] }
  }
  const { identity, problems } = readAzureIdentity(
    objectAt(lookup.object, 'metadata', 'annotations'),
  )
  return {
    ...identity,
    problems: problems.map((problem) => ({
      ...problem,
      path: field.path,
      subject: `${field.subject}, ${describeField(problem)}`,
    })),
  }
}
