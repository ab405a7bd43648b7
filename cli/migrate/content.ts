import type { Policy } from '../../requests/administrator/policy.ts'
import { type ViewOf, viewsByFolder } from '../input/environments/folder-views.ts'
import type { NamedObject, PodTemplate } from '../input/find-objects.ts'
import { doubtsFrom, type OtherFiles } from './doubts.ts'

/** What `migrate` looks at in the manifests. */
export interface MigratedContent {
  readonly policy: Policy
  readonly templates: readonly PodTemplate[]
  readonly objects: readonly NamedObject[]
  readonly viewOf: ViewOf
  readonly otherFiles: OtherFiles
}

/** Everything in these files. */
export function contentOf(
  files: readonly Pick<MigratedContent, 'templates' | 'objects'>[],
  policy: Policy,
  otherFiles: OtherFiles,
): MigratedContent {
  const objects = files.flatMap((file) => file.objects)
  return {
    policy,
    templates: files.flatMap(({ templates }) => templates),
    objects,
    viewOf: viewsByFolder(objects, doubtsFrom(otherFiles)),
    otherFiles,
  }
}
