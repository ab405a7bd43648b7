import { readOwnAnnotations } from '../../webhook/core/annotations/own-annotations.ts'
import { readValues } from '../../webhook/core/annotations/read-values.ts'
import {
  secretSettings,
  syncedKey,
  unknownKeyOnSecret,
} from '../../webhook/core/annotations/vocabulary.ts'
import type { AnnotatedManifest } from '../input/find-objects.ts'
import { type Verdict, wrong } from './verdict.ts'

/** Reports whether Secret sync would adopt a Secret; `adopt` is the only annotation that it reads on one. */
export function checkSecret(secret: AnnotatedManifest): Verdict {
  const { title, manifest, annotations, unquoted } = secret
  const { own, problems: unreadable } = readOwnAnnotations(annotations)
  const { values, problems } = readValues(own, {
    table: secretSettings,
    isReadElsewhere: (key) => key === syncedKey,
    unknownKey: unknownKeyOnSecret,
  })
  const name = `${title} (${manifest.source})`
  const all = [...unquoted, ...unreadable, ...problems]
  if (all.length > 0) return wrong(`${name}: would not be adopted`, all)
  const what = values.adopt
    ? 'would be adopted by the ServiceAccount that requests it'
    : 'not adopted: it has no akv-injector.io/adopt annotation'
  return { isDenied: false, lines: [`${name}: ${what}`] }
}
