import { isName, labelName, subdomainName } from '../../../lib/name-rules.ts'
import { printable } from '../../../lib/printable.ts'
import type { Grant } from './grant.ts'

type AccountOfGrant = Pick<Grant, 'namespace' | 'account'>

/** Separates grants whose names could mean something else in what is printed, and says so of each. */
export function sortOutNames<T extends AccountOfGrant>(grants: readonly T[]) {
  return {
    safe: grants.filter(isSafe),
    unsafe: grants
      .filter((grant) => !isSafe(grant))
      .map(
        ({ namespace, account }) =>
          `ServiceAccount ${printable(account)} in namespace ${printable(namespace)}: this isn't a valid name, so nothing is printed for it`,
      ),
  }
}

const isSafe = ({ namespace, account }: AccountOfGrant): boolean =>
  isName(namespace, labelName) && isName(account, subdomainName)
