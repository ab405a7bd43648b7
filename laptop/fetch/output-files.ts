import type { AgentConfig } from '../../delivery/contract.ts'
import type { FileDestination } from '../../delivery/destination.ts'
import type { FileSet } from '../../delivery/projection/file-set.ts'
import type { Content } from '../../delivery/projection/project-content.ts'
import { filesVolume } from '../../webhook/core/model/our-names.ts'

/**
 * Combines the files of all volumes into one set for the output folder. If the pod has served volumes, each volume gets
 * a folder of its own, and so does ours, because the same path in two volumes means two files.
 */
export function outputFiles(
  { files }: Pick<Content, 'files'>,
  { volumes }: Pick<AgentConfig, 'volumes'>,
): FileSet {
  const outputPath = ({ volume = filesVolume, path }: FileDestination) =>
    volumes === undefined ? path : `${volume}/${path}`
  return new Map(
    [...files.values()].flatMap(({ bytes, to }) =>
      to.kind === 'file' ? [[outputPath(to), { bytes, mode: to.mode }]] : [],
    ),
  )
}
