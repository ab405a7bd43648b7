import { parseCsiObjects } from '../annotations/objects/read-csi-objects.ts'
import type { ClassParameters } from './class-parameters.ts'

/** The files of an object list, and what is wrong with it. */
export interface ClassFiles {
  readonly files: ReturnType<typeof parseCsiObjects>['files']
  /** Sentences that begin with the parameter. */
  readonly sentences: readonly string[]
}

/** Reads the object list of a class. The same list gives the same files. */
export type ReadClassFiles = (list: Pick<ClassParameters, 'objects' | 'vault'>) => ClassFiles

/** Reads the object list of a class, which names its files. */
export const readClassFiles: ReadClassFiles = ({ objects, vault }) => {
  if (objects === undefined) return { files: [], sentences: [] }
  const { files, problems } = parseCsiObjects(objects, vault ?? anyVault)
  const sentences = problems.map(
    (problem) => `parameters.objects${isOfItem(problem) ? ',' : ':'} ${problem}`,
  )
  if (files.length === 0 && problems.length === 0)
    sentences.push('parameters.objects: nothing to fetch; name at least one object')
  return { files, sentences }
}

/** Replaces a vault that isn't valid, which is reported already. */
const anyVault = 'unreadable'

/** Whether the sentence begins with a place in the list, and not with what is wrong with the whole of it. */
const isOfItem = (problem: string): boolean => /^item \d+[,:]/.test(problem)
