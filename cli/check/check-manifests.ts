import type { Source } from '../../sync/source/source.ts'
import { sourceKey } from '../../sync/source/source-ref.ts'
import { classSource } from '../input/class-source.ts'
import { externalSecretReader } from '../input/external-secret-reader.ts'
import {
  isExternalSecret,
  isExternalSecretsKind,
  isSecretStore,
} from '../input/external-secrets-kind.ts'
import { keyOf } from '../input/find-object.ts'
import type { NamedObject } from '../input/find-objects.ts'
import { type AccountInFiles, listAccounts, withNamedAccounts } from '../input/list-accounts.ts'
import type { Serving } from '../input/read-serving.ts'
import { findContestedSecrets } from './find/find-contested-secrets.ts'
import { findSyncMistakes } from './find/find-sync-mistakes.ts'
import { hasDriverVolumes } from './find/find-tasks.ts'
import { checkAccount } from './objects/check-account.ts'
import { checkClass } from './objects/check-class.ts'
import {
  checkExternalSecret,
  checkOtherOperatorKind,
  checkSecretStore,
} from './objects/check-external-secret.ts'
import { checkOtherObject } from './objects/check-other-object.ts'
import { checkPod } from './objects/check-pod.ts'
import { checkSecret } from './objects/check-secret.ts'
import type { DocumentContent } from './read-check-input.ts'
import type { Verdict } from './verdict.ts'

interface CheckedManifests {
  readonly verdicts: readonly Verdict[]
  /** How many pods and pod templates there are. */
  readonly pods: number
  /** How many objects have no verdict. */
  readonly ignored: number
}

/** Checks all documents. Classes, ServiceAccounts and pods of different files belong together. */
export function checkManifests(
  contents: readonly DocumentContent[],
  serving: Serving,
): CheckedManifests {
  const objects = contents.flatMap((one) => one.objects)
  const sync = readSources(objects, serving)
  const contested = findContestedSecrets(
    contents.flatMap(({ accounts }) => accounts),
    serving.policy,
  )
  const checkAllOf = ({ templates, objects: some, accounts, secrets }: DocumentContent) => [
    ...some.filter(isClass).map((one) =>
      checkClass(one, {
        serving,
        listed: sync(one).listed,
        syncMistakes: sync(one).mistakes,
      }),
    ),
    ...some.filter(isExternalSecretsKind).map((one) => {
      if (isExternalSecret(one)) return checkExternalSecret(one, sync(one))
      return isSecretStore(one)
        ? checkSecretStore(one, serving.policy)
        : checkOtherOperatorKind(one)
    }),
    ...templates.map((template) => checkPod(template, { serving, objects })),
    ...accounts.map((account) => {
      const verdict = checkAccount(account, serving.policy)
      return { ...verdict, findings: [...verdict.findings, ...(contested.get(account) ?? [])] }
    }),
    ...secrets.map(checkSecret),
  ]
  const checked = contents.map((content) => withOthers(content, checkAllOf(content)))
  return {
    verdicts: checked.flatMap((one) => one.verdicts),
    pods: contents.flatMap(({ templates }) => templates).length,
    ignored: checked.reduce((sum, one) => sum + one.ignored, 0),
  }
}

/** Adds what there is to say about the other objects of a document. */
function withOthers(
  { templates, objects }: DocumentContent,
  verdicts: readonly Verdict[],
): Pick<CheckedManifests, 'verdicts' | 'ignored'> {
  const checked = new Set(
    [
      ...verdicts.map(({ subject }) => subject.path),
      ...templates.map(({ ownerPath }) => ownerPath),
    ].map((path) => JSON.stringify(path)),
  )
  // Accounts are read for the pods and classes that use them.
  const others = objects.filter(
    ({ path, kind }) => kind !== 'ServiceAccount' && !checked.has(JSON.stringify(path)),
  )
  const mentioned = others.flatMap((one) => checkOtherObject(one) ?? [])
  return { verdicts: [...verdicts, ...mentioned], ignored: others.length - mentioned.length }
}

interface SourceFacts {
  /** Absent if the object requests no Secrets. */
  readonly source: Source | undefined
  /** Why Secret sync wouldn't make its Secrets. */
  readonly mistakes: readonly string[]
  /** The accounts of its namespace that count as listed by the operator. */
  readonly listed: readonly AccountInFiles[]
}

/** Reads all classes and ExternalSecrets. Returns a function that tells what Secret sync would say of one. */
function readSources(
  objects: readonly NamedObject[],
  { policy }: Serving,
): (found: NamedObject) => SourceFacts {
  const accounts = listAccounts(objects)
  const readExternalSecret = externalSecretReader(objects, policy)
  const byNamespace = Map.groupBy(
    objects.filter((one) => isClass(one) || isExternalSecret(one)),
    ({ namespace }) => namespace,
  )
  const facts = new Map(
    [...byNamespace].map(([namespace, some]) => {
      // The last of several with one name counts, as with `kubectl apply`.
      const sources = new Map(
        some.map((one) => [
          keyOf(one),
          isClass(one) ? classSource(one, policy) : readExternalSecret(one),
        ]),
      )
      const all = [...sources.values()].filter((source) => source !== undefined)
      const listed = withNamedAccounts(accounts.get(namespace) ?? [], all)
      return [
        namespace,
        { sources, listed, mistakes: findSyncMistakes(all, { namespace, listed, policy }) },
      ]
    }),
  )
  return (found) => {
    const { sources, listed = [], mistakes } = facts.get(found.namespace) ?? {}
    const source = sources?.get(keyOf(found))
    return { source, listed, mistakes: (source && mistakes?.get(sourceKey(source.ref))) ?? [] }
  }
}

export const concernsDriver = ({ templates, objects }: DocumentContent): boolean =>
  templates.some(hasDriverVolumes) || objects.some(isClass)

const isClass = ({ kind }: NamedObject): boolean => kind === 'SecretProviderClass'
