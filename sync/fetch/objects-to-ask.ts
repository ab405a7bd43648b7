import type { SecretValue } from '../../delivery/destination.ts'
import { failedObjects } from '../../delivery/projection/due-objects.ts'
import type { RefreshState } from '../../delivery/projection/refresh-content.ts'
import {
  neededObjectKeys,
  type WantedObject,
  wantedKey,
} from '../../delivery/projection/wanted-objects.ts'
import type { FoundByFind } from '../../keyvault/finds/find-result.ts'
import type { SyncConfig } from '../../requests/account/account-request.ts'
import type { SecretTurn, SecretTurns } from '../plan/secret-turn.ts'
import { expandConfig, foundObjects } from './find/expand-finds.ts'

/**
 * The objects of the Secrets whose turn it is: all that their values name, or those that failed; and those that their finds have
 * found, if they have changed or have no value yet.
 *
 * @param options - `config`: without what its finds have found; `hasValue`: whether there is a value for a destination, or none is kept
 */
export function objectsToAsk(
  refreshable: readonly WantedObject[],
  {
    config,
    findings,
    hasValue,
    turns,
    state,
  }: {
    readonly config: SyncConfig
    readonly findings: FoundByFind
    readonly hasValue: (to: SecretValue['to']) => boolean
    readonly turns: SecretTurns
    readonly state: Pick<RefreshState, 'statuses'>
  },
): readonly WantedObject[] {
  const finds = (config.finds ?? []).filter(({ to }) => isAsked(turns, to.secret))
  const found = foundObjects({ finds }, { findings, hasValue })
  const wantedBy = (files: SyncConfig['files'], kinds: readonly SecretTurn['kind'][]) => {
    const wanted = files.filter(({ to }) => kinds.includes(turns.get(to.secret)?.kind ?? 'rest'))
    const keys = new Set(wanted.flatMap(neededObjectKeys))
    return refreshable.filter((object) => keys.has(wantedKey(object)))
  }
  const { files } = expandConfig(config, findings)
  return [
    ...new Set([
      ...wantedBy(config.files, ['fetch']),
      ...failedObjects(wantedBy(files, ['fetch', 'retry']), state),
      ...refreshable.filter((object) => found.get(wantedKey(object)) === false),
    ]),
  ]
}

/** Whether the vault is asked for a Secret, so that the values in the Secret have to be known. */
export function isAsked(turns: SecretTurns, name: string): boolean {
  const kind = turns.get(name)?.kind
  return kind === 'fetch' || kind === 'retry'
}
