import { isName, labelName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import type { Grant } from './grant.ts'

type AccountOfGrant = Pick<Grant, 'namespace' | 'account'>

/**
 * Leaves out two kinds of grants, and returns a sentence about each: grants with a name that a shell or YAML could read
 * as something else, and grants outside the namespace that the caller named. The author of a manifest chooses its
 * namespace, and people often apply the output without reading it.
 *
 * @param onlyNamespace - undefined for any
 */
export function sortOutNames<T extends AccountOfGrant>(
  grants: readonly T[],
  onlyNamespace?: string,
) {
  const safe: T[] = []
  const unsafe: string[] = []
  for (const grant of grants) {
    const problem = problemOf(grant, onlyNamespace)
    if (problem === undefined) safe.push(grant)
    else unsafe.push(`ServiceAccount ${printable(grant.account)} ${problem}`)
  }
  return { safe, unsafe }
}

function problemOf(
  { namespace, account }: AccountOfGrant,
  onlyNamespace: string | undefined,
): string | undefined {
  if (!isName(namespace, labelName) || !isName(account, subdomainName))
    return `in namespace ${printable(namespace)}: this isn't a valid name, so nothing is printed for it`
  if (onlyNamespace === undefined || namespace === onlyNamespace) return
  return `is in namespace ${namespace}, but --namespace accepts only ${onlyNamespace}: nothing is printed for it; pass its manifests apart, with its own --namespace, or none to accept any namespace`
}
