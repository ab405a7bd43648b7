import type { Policy } from '../../../requests/administrator/policy.ts'
import { type ViewOf, viewsByFolder } from '../../input/environments/folder-views.ts'
import type { NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import type { Placeholders } from '../../input/placeholders/placeholders.ts'
import { doubtsFrom, type OtherFiles } from './doubts.ts'
import { type Environments, groupEnvironments } from './group-environments.ts'

/** Everything in the manifests that `migrate` examines. */
export interface MigratedContent {
  readonly policy: Policy
  readonly templates: readonly PodTemplate[]
  readonly objects: readonly NamedObject[]
  readonly viewOf: ViewOf
  readonly otherFiles: OtherFiles
  readonly placeholders: Placeholders
  readonly environments: Environments
}

/** Collects the content of files. */
export function contentOf(
  files: readonly Pick<MigratedContent, 'templates' | 'objects'>[],
  {
    policy,
    otherFiles,
    placeholders,
  }: Pick<MigratedContent, 'policy' | 'otherFiles' | 'placeholders'>,
): MigratedContent {
  const objects = files.flatMap((file) => file.objects)
  const viewOf = viewsByFolder(objects, doubtsFrom(otherFiles))
  const templates = files.flatMap((file) => file.templates)
  const sources = [...objects, ...templates].map(({ manifest }) => manifest.source)
  return {
    policy,
    placeholders,
    templates,
    objects,
    viewOf,
    otherFiles,
    environments: groupEnvironments(sources, viewOf),
  }
}
