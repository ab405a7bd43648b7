import {
  describePath,
  describeProblem,
  type Problem,
  plainProblem,
} from '../../lib/problems/problem.ts'
import { anyVault } from '../administrator/choose-vaults.ts'
import { parseCsiObjects } from '../annotations/objects/read-csi-objects.ts'
import { pathProblems } from '../annotations/objects/target-problems.ts'
import { type ClassParameters, parameterPath } from './class-parameters.ts'

/** The files of an object list, and what is wrong with it. */
export interface ClassFiles {
  readonly files: ReturnType<typeof parseCsiObjects>['files']
  readonly problems: readonly Problem[]
  /** Unknown fields, which the provider ignores, too. */
  readonly warnings: readonly Problem[]
}

/** Reads the object list of a class. The same list gives the same files. */
export type ReadClassFiles = (list: Pick<ClassParameters, 'objects' | 'vault'>) => ClassFiles

/** Reads the object list of a class, which names its files. */
export const readClassFiles: ReadClassFiles = ({ objects, vault }) => {
  if (objects === undefined) return { files: [], problems: [], warnings: [] }
  const { files, problems, warnings } = parseCsiObjects(objects, {
    vault: vault ?? anyVault,
    ignoresUnknown: true,
  })
  if (files.length + problems.length === 0)
    return {
      files,
      problems: [{ path, sentence: 'nothing to fetch; name at least one object' }],
      warnings,
    }
  return { files, problems: problems.map(inClass), warnings: warnings.map(inClass) }
}

const inClass = (problem: Problem): Problem =>
  problem.path.length === 0
    ? { path, sentence: problem.sentence }
    : plainProblem(`${subject}, ${describeProblem(problem)}`, path)

/** Problems with the paths of the files of one class. */
export const classPathProblems = (files: ClassFiles['files']): readonly Problem[] =>
  pathProblems(
    files.map(({ location, file }) => ({
      field: { path, subject: `${subject}, ${location}` },
      wanted: file,
    })),
    [],
  )

const path = parameterPath('objects')
const subject = describePath(path)
