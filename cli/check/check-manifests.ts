import type { Serving } from '../input/read-serving.ts'
import {
  isExternalSecret,
  isExternalSecretsKind,
  isSecretStore,
} from '../input/sources/external-secrets-kind.ts'
import { findContestedSecrets } from './find/find-contested-secrets.ts'
import { hasDriverVolumes } from './find/find-tasks.ts'
import { isClass, readSources } from './find/read-sources.ts'
import type { Verdict } from './findings/verdict.ts'
import { checkAccount } from './objects/check-account.ts'
import { checkClass } from './objects/check-class.ts'
import {
  checkExternalSecret,
  checkOtherOperatorKind,
  checkSecretStore,
} from './objects/check-external-secret.ts'
import { checkPod } from './objects/check-pod.ts'
import { checkSecret } from './objects/check-secret.ts'
import type { DocumentContent } from './read-check-input.ts'

interface CheckedManifests {
  readonly verdicts: readonly Verdict[]
  /** How many pods and pod templates there are. */
  readonly pods: number
}

/** Checks all documents. Classes, ServiceAccounts and pods of different files belong together. */
export function checkManifests(
  contents: readonly DocumentContent[],
  serving: Serving,
): CheckedManifests {
  const objects = contents.flatMap((content) => content.objects)
  const sync = readSources(objects, serving.policy)
  const contested = findContestedSecrets(
    contents.flatMap(({ accounts }) => accounts),
    serving.policy,
  )
  const verdicts = contents.flatMap(
    ({ templates, objects: some, accounts, secrets, others }): readonly Verdict[] => [
      ...some.filter(isClass).map((object) =>
        checkClass(object, {
          serving,
          listed: sync(object).listed,
          syncMistakes: sync(object).mistakes,
        }),
      ),
      ...some.filter(isExternalSecretsKind).map((object) => {
        if (isExternalSecret(object)) return checkExternalSecret(object, sync(object))
        return isSecretStore(object)
          ? checkSecretStore(object, serving.policy)
          : checkOtherOperatorKind(object)
      }),
      ...templates.map((template) => checkPod(template, { serving, objects })),
      ...accounts.map((account) => {
        const verdict = checkAccount(account, serving.policy)
        return { ...verdict, findings: [...verdict.findings, ...(contested.get(account) ?? [])] }
      }),
      ...secrets.map(checkSecret),
      ...others,
    ],
  )
  return { verdicts, pods: contents.flatMap(({ templates }) => templates).length }
}

export const concernsDriver = ({ templates, objects }: DocumentContent): boolean =>
  templates.some(hasDriverVolumes) || objects.some(isClass)
