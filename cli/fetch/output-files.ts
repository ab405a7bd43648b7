import type { AgentConfig } from '../../delivery/contract.ts'
import type { FileSet } from '../../delivery/projection/file-set.ts'
import { pathInVolume } from '../../delivery/target-path.ts'
import { filesVolume } from '../../webhook/core/model/our-names.ts'

/**
 * The files of all volumes as one set for the output folder. If the pod has served volumes, each volume becomes a folder of
 * its own, ours too, because equal paths in different volumes are different files.
 *
 * @param files - by `fileKey`, so that `/VOLUME/PATH` is a file of a served volume
 */
export function outputFiles(files: FileSet, { volumes }: Pick<AgentConfig, 'volumes'>): FileSet {
  if (volumes === undefined) return files
  const outputPath = (key: string) => {
    const plainPath = pathInVolume(key, undefined)
    return plainPath === undefined ? key.slice(1) : `${filesVolume}/${plainPath}`
  }
  return new Map([...files].map(([key, file]) => [outputPath(key), file]))
}
