import { printable } from '../../lib/printable.ts'
import type { JsonObject } from '../../lib/shape.ts'
import {
  accountAnnotation,
  chooseAccount,
  type ListedAccount,
} from '../../requests/source/choose-account.ts'
import type { Source } from '../../requests/source/source.ts'
import { accountOf } from '../../webhook/core/csi/account.ts'
import type { Pod } from '../../webhook/core/model/pod.ts'
import type { PodTemplate } from '../input/find-objects.ts'

/** The account of the class, among those of the files; if they have none in the namespace, the account of its pods. */
export function chooseClassAccount(
  { hints }: Pick<Source, 'hints'>,
  {
    namespace,
    listed,
    users,
  }: {
    readonly namespace: string
    readonly listed: ReadonlyMap<string, readonly ListedAccount[]>
    /** The pods that have volumes of the class. */
    readonly users: readonly PodTemplate[]
  },
): { readonly name: string } | { readonly reason: string } {
  const accounts = listed.get(namespace) ?? []
  if (accounts.length === 0) {
    const used = [...new Set(users.map(({ pod }) => accountOf(pod as JsonObject & Pod)))]
    return used.length === 1 && used[0] ? { name: used[0] } : several(used)
  }
  const chosen = chooseAccount(hints, { namespace, listed: accounts, what: 'the class' })
  return chosen.kind === 'chosen' ? chosen : several(accounts.map(({ name }) => name))
}

function several(names: readonly string[]): { readonly reason: string } {
  const more = names.length > maxNames ? ', …' : ''
  const shown = names.slice(0, maxNames).map((name) => printable(name))
  return {
    reason: `several accounts could read its Secrets (${shown.join(', ')}${more}); name one in its annotation ${accountAnnotation}`,
  }
}

const maxNames = 10
