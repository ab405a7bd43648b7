import { lstatSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describeSource } from '../../input/text/file-error.ts'
import type { OverlayPatch } from '../plan/plan-overlays.ts'
import type { FileChange } from './file-change.ts'
import { isTaken } from './is-taken.ts'

interface OverlayFiles {
  readonly changes: readonly FileChange[]
  /** Lines that tell the user what to do with each patch. */
  readonly lines: readonly string[]
}

/** Plans patches as new files beside the kustomizations that don't have them yet. */
export function overlayFiles(overlays: readonly OverlayPatch[]): OverlayFiles {
  const taken = new Set<string>()
  const files = overlays.flatMap((overlay) => {
    const { kustomization, template, text } = overlay
    if (kustomization === undefined) return []
    const path = pathFor(overlay, taken)
    taken.add(path)
    const line = `${template.title} (${describeSource(template.manifest.source)}): add "- path: ${basename(path)}" to the patches of ${kustomization}`
    return [{ change: { path, after: text }, line }]
  })
  const others = overlays.filter(({ kustomization }) => kustomization === undefined)
  return {
    changes: files.flatMap(({ change }) => (isTaken(change.path) ? [] : change)),
    lines: [...files.map(({ line }) => line), ...patchLines(others)],
  }
}

/** Chooses a name that no other file has. A file that has the same patch already is from an earlier run. */
function pathFor(
  { folder, template, text }: OverlayPatch,
  taken: ReadonlySet<string>,
  number = 1,
): string {
  const name = `migrate-${template.title}`.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-')
  const path = join(folder, `${name}${number === 1 ? '' : `-${number}`}.yaml`)
  const isFree = isTaken(path) ? hasText(path, text) : !taken.has(path)
  return isFree ? path : pathFor({ folder, template, text }, taken, number + 1)
}

function hasText(path: string, text: string): boolean {
  const status = lstatSync(path)
  return (
    status.isFile() &&
    status.size === Buffer.byteLength(text) &&
    readFileSync(path, 'utf8') === text
  )
}

/** Writes the patches as text. */
export const patchLines = (overlays: readonly OverlayPatch[]): readonly string[] =>
  overlays.flatMap(({ template, folder, text }) => [
    `${template.title} (${describeSource(template.manifest.source)}): patch for ${folder}:`,
    ...text
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ])
