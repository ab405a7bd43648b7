import { isNode } from 'yaml'
import type { Serving } from '../../command/review/read-serving.ts'
import { cached } from '../../lib/cached.ts'
import { printable } from '../../lib/printable.ts'
import { treeOf } from '../input/document/manifest.ts'
import type { InFile } from '../input/environments/definitions.ts'
import { findAmbiguity } from '../input/environments/find-ambiguity.ts'
import { type FolderView, viewsByFolder } from '../input/environments/folder-views.ts'
import { withoutTemplates } from '../input/environments/without-templates.ts'
import { findNearMisses } from '../input/objects/find-near-misses.ts'
import type { AnnotatedManifest, NamedObject } from '../input/objects/find-objects.ts'
import {
  isExternalSecret,
  isExternalSecretsKind,
  isSecretStore,
} from '../input/sources/external-secrets-kind.ts'
import { isClass } from '../input/sources/referred-to.ts'
import { findHeld } from '../input/unread/find-held.ts'
import { doubtsAboutUnread } from '../input/unread/unread-doubts.ts'
import type { DocumentContent } from './document-content.ts'
import { withBusyVaults } from './find/find-busy-vaults.ts'
import { findContestedSecrets } from './find/find-contested-secrets.ts'
import { hasDriverVolumes } from './find/find-tasks.ts'
import { judgeExternalSecret, judgePod } from './find/find-undecided.ts'
import { readSources } from './find/read-sources.ts'
import { type Finding, warningFindings } from './findings/finding.ts'
import type { Verdict } from './findings/verdict.ts'
import { checkAccount } from './objects/check-account.ts'
import { checkClass } from './objects/check-class.ts'
import { checkExternalSecret, checkSecretStore } from './objects/check-external-secret.ts'
import { checkOtherOperatorKind } from './objects/check-other-operator-kind.ts'
import { checkPod } from './objects/check-pod.ts'
import { checkSecret } from './objects/check-secret.ts'
import type { CheckInput } from './read-check-input.ts'

/** Checks all documents. Objects may refer to objects of other files, unless those belong to another environment. */
export function checkManifests(
  { contents, unread, findHidden }: Pick<CheckInput, 'contents' | 'unread' | 'findHidden'>,
  serving: Serving,
) {
  const viewOf = viewsByFolder(
    withoutTemplates(contents.flatMap(({ objects }) => objects)),
    doubtsAboutUnread(unread),
  )
  const annotated = contents.flatMap(({ accounts }) => accounts)
  const { policy } = serving
  const factsIn = cached((objects: FolderView['objects']) =>
    readSources(objects, { viewOf, policy }),
  )
  const sync = (found: NamedObject) => factsIn(viewOf(found).objects)(found)
  const contestedIn = cached((objects: FolderView['objects']) =>
    findContestedSecrets(annotated, objects, policy),
  )
  const contested = (account: AnnotatedManifest) =>
    contestedIn(viewOf(account).objects).get(account) ?? []
  const hidden = (referrer: InFile) => ({
    lookUps: viewOf(referrer).lookUps,
    findHidden: (wanted: Parameters<typeof findHidden>[0]) =>
      findHidden(wanted, referrer.manifest.source),
  })
  const withNames = (object: NamedObject, verdict: Verdict): Verdict => ({
    ...verdict,
    findings: [
      ...ambiguityFindings(findAmbiguity(viewOf(object), object, policy)),
      ...verdict.findings,
      ...warningFindings(object, findNearMisses(object.object)),
    ],
  })
  const verdicts = contents.flatMap(
    ({ templates, objects: some, accounts, secrets, others }): readonly Verdict[] => [
      ...some
        .filter(isClass)
        .map((object) => withNames(object, checkClass(object, { serving, ...sync(object) }))),
      ...some.filter(isExternalSecretsKind).map((object) => {
        if (isExternalSecret(object))
          return judgeExternalSecret(object, { ...hidden(object), policy }, () =>
            withNames(object, checkExternalSecret(object, sync(object))),
          )
        return isSecretStore(object)
          ? withNames(object, checkSecretStore(object, serving.policy))
          : checkOtherOperatorKind(object, { ...hidden(object), policy })
      }),
      ...templates.map((template) =>
        judgePod(template, { ...hidden(template), serving }, (objects) =>
          checkPod(template, { serving, objects }),
        ),
      ),
      ...accounts.map((account) => {
        const verdict = checkAccount(account, serving.policy)
        const more = [...contested(account), ...nearMisses(account)]
        return { ...verdict, findings: [...verdict.findings, ...more] }
      }),
      ...secrets.map((secret) => {
        const verdict = checkSecret(secret)
        return { ...verdict, findings: [...verdict.findings, ...nearMisses(secret)] }
      }),
      ...others,
    ],
  )
  // Counts pods and pod templates.
  return {
    verdicts: withBusyVaults(verdicts).map(withDuplicates),
    pods: contents.flatMap(({ templates }) => templates).length,
  }
}

const nearMisses = (object: AnnotatedManifest): readonly Finding[] =>
  warningFindings(object, object.nearMisses)

/**
 * Warns of keys that a mapping has twice, because kubectl silently drops all entries but the last. A pod that isn't injected, or an
 * object that isn't looked at, gets no such warning if its text has nothing for akv-injector.
 */
function withDuplicates(verdict: Verdict): Verdict {
  const { manifest, path } = verdict.subject
  if (manifest.duplicates === undefined) return verdict
  const object = treeOf(manifest).getIn(path[0] === 'items' ? path.slice(0, 2) : [], true)
  const [start = 0, , end = manifest.text.length] = (isNode(object) && object.range) || []
  const isPlain = verdict.outcome === 'not-injected' || verdict.outcome === 'not-looked-at'
  if (isPlain && !findHeld(manifest.text.slice(start, end))) return verdict
  const findings = manifest.duplicates
    .filter(({ offset }) => start <= offset && offset < end)
    .map(
      ({ key, offset }): Finding => ({
        severity: 'warning',
        code: 'AKV_CHECK_WARNING',
        message: `the mapping has the key "${printable(key, 40)}" more than once, and only this entry counts; remove the others`,
        position: manifest.positionAt(offset),
      }),
    )
  return { ...verdict, findings: [...verdict.findings, ...findings] }
}

const ambiguityFindings = (message: string | undefined): readonly Finding[] =>
  message === undefined ? [] : [{ severity: 'problem', code: 'AKV_CHECK_AMBIGUOUS', message }]

export const concernsDriver = ({ templates, objects }: DocumentContent): boolean =>
  templates.some(hasDriverVolumes) || objects.some(isClass)
