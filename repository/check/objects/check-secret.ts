import {
  readOwnAnnotations,
  syncedKey,
} from '../../../requests/annotations/keys/own-annotations.ts'
import { readValues } from '../../../requests/annotations/read-values.ts'
import { secretSettings, unknownKeyOnSecret } from '../../../requests/annotations/vocabulary.ts'
import type { AnnotatedManifest } from '../../input/objects/find-objects.ts'
import { problemFindings } from '../findings/finding.ts'
import { subjectOf, type Verdict } from '../findings/verdict.ts'

/** Reports whether Secret sync would adopt a Secret; `adopt` is the only annotation that it reads on one. */
export function checkSecret(secret: AnnotatedManifest): Verdict {
  const { own, problems: unreadable } = readOwnAnnotations(secret.annotations)
  const { values, problems } = readValues(own, {
    table: secretSettings,
    isReadElsewhere: (key) => key === syncedKey,
    unknownKey: unknownKeyOnSecret,
  })
  const all = [...secret.unquoted, ...unreadable, ...problems]
  const findings = problemFindings('AKV_CHECK_ADOPT', secret, all)
  const isAdopted = values.adopt && all.length === 0
  return {
    subject: subjectOf(secret),
    outcome: isAdopted ? 'adopted' : 'not-adopted',
    sentence: sentenceOf(isAdopted, findings.length > 0),
    details: [],
    findings,
  }
}

function sentenceOf(isAdopted: boolean | undefined, isWrong: boolean): string {
  if (isAdopted) return 'would be adopted by the ServiceAccount that requests it'
  return isWrong
    ? 'would not be adopted'
    : 'not adopted: it has no akv-injector.io/adopt annotation'
}
