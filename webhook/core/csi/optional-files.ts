import type { AgentConfig, WantedFile } from '../../../delivery/contract.ts'
import { printable } from '../../../lib/printable.ts'
import { type Problem, plainProblem } from '../../../lib/problems/problem.ts'
import { annotationPrefix, ownPath } from '../../../requests/annotations/keys/own-annotations.ts'

const key = 'optional-objects'

/** Stands for all files. */
const all = '*'

/**
 * The files of served volumes, of which those may be absent that the pod names. Azure's provider has no field for that, and a class
 * that it can't read would break the pods that still use the driver.
 *
 * @param names - paths in the volumes. Absent: every file is required
 */
export function markOptional(
  files: readonly WantedFile[],
  names: readonly string[] = [],
): readonly WantedFile[] {
  const wanted = new Set(names)
  return files.map((file) =>
    wanted.has(all) || wanted.has(file.path) ? { ...file, optional: true } : file,
  )
}

/** A class may change after the pod's template was written, so a name that it doesn't have is no reason to refuse the pod. */
export function optionalWarnings(
  { volumes, files }: Pick<AgentConfig, 'volumes' | 'files'>,
  names: readonly string[] = [],
): readonly Problem[] {
  if (names.length === 0) return []
  if (volumes === undefined)
    return [
      plainProblem(
        `${annotationPrefix}${key} has no effect without volumes of the Secrets Store CSI Driver; for objects of annotations, append "?"`,
        ownPath(key),
      ),
    ]
  const paths = new Set(files.flatMap(({ volume, path }) => (volume === undefined ? [] : [path])))
  return names
    .filter((name) => name !== all && !paths.has(name))
    .map((name) =>
      plainProblem(
        `${annotationPrefix}${key} names "${printable(name, 100)}", which no volume has; expected the objectAlias, or else the objectName`,
        ownPath(key),
      ),
    )
}
