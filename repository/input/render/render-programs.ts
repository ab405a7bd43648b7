import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { RenderFolder } from '../text/find-files.ts'
import { isFile } from '../text/is-file.ts'

/** The programs that render a folder of each kind. The first one that is there does it. */
const renderPrograms = {
  kustomization: ['kustomize', 'kubectl'],
  chart: ['helm'],
} as const satisfies Record<RenderFolder['kind'], readonly string[]>

/**
 * Chooses what to render: everything if the user asks for it, nothing if the user refuses it, and otherwise what the
 * programs on the PATH can render.
 *
 * @returns undefined if nothing is to be rendered, whatever is on the PATH
 */
export function chooseRendered(
  render: boolean | undefined,
  path = process.env['PATH'] ?? '',
): readonly RenderFolder['kind'][] | undefined {
  if (render === false) return undefined
  const folders = path.split(delimiter).filter((folder) => folder !== '')
  const isThere = (program: string) => folders.some((folder) => isProgram(join(folder, program)))
  return (['kustomization', 'chart'] as const).filter(
    (kind) => render === true || renderPrograms[kind].some(isThere),
  )
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return isFile(path)
  } catch {
    return false
  }
}
