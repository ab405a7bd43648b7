import { ownAnnotations } from '../webhook/core/annotations.ts'
import { readSettings } from '../webhook/core/read-settings.ts'
import { secretSettings, strangeOnSecret, syncedKey } from '../webhook/core/vocabulary.ts'
import type { AnnotatedManifest } from './manifests.ts'
import { type Verdict, wrong } from './verdict.ts'

/** Whether a Secret is handed over to the controller of Secret sync, which reads no other annotation of it. */
export function checkSecret({ title, manifest, annotations }: AnnotatedManifest): Verdict {
  const { own, problems: unreadable } = ownAnnotations(annotations)
  const { values, problems } = readSettings(own, {
    table: secretSettings,
    isOther: (key) => key === syncedKey,
    strangeKey: strangeOnSecret,
  })
  const name = `${title} (${manifest.source})`
  const all = [...unreadable, ...problems]
  if (all.length > 0) return wrong(`${name}: would not be handed over`, all)
  const what = values.adopt
    ? 'would be handed over to the ServiceAccount that asks for it'
    : 'left as it is'
  return { isDenied: false, lines: [`${name}: ${what}`] }
}
