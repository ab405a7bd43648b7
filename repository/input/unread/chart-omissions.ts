import { join } from 'node:path'
import type { RenderFolder, SkippedPath } from '../text/find-files.ts'
import { findHeld } from './find-held.ts'
import { createSearch } from './search-skipped.ts'

/**
 * Charts whose templates have something to check that isn't in what was rendered, because the values leave it out. The default
 * values often do.
 */
export class ChartOmissions {
  /** Whether any rendering of a chart has something to check, by its folder. */
  readonly #charts = new Map<string, boolean>()

  /** Notes what was rendered of a folder. */
  note({ kind, path }: RenderFolder, text: string): void {
    if (kind !== 'chart') return
    this.#charts.set(path, this.#charts.get(path) || findHeld(text) !== undefined)
  }

  /** Returns the templates to name, one for each chart. They aren't warnings, because such a chart is read as it is asked for. */
  found(): readonly SkippedPath[] {
    const search = createSearch()
    return [...this.#charts].flatMap(([path, isHeld]) => {
      const held = isHeld
        ? undefined
        : (search(join(path, 'templates')) ?? search(join(path, 'charts')))
      if (held === undefined) return []
      // Without a line, it is a file or folder that wasn't searched to its end.
      const what = held.at.line === undefined ? held.has : `${held.has}, which the values leave out`
      return {
        path: held.at.source,
        reason: `${what}; to check it: akv-injector check ${shown(path)} --values FILE`,
      }
    })
  }
}

/** Leaves a path to the reader that a shell would not take as it is. */
const shown = (path: string): string => (/^[\w./][\w./-]*$/.test(path) ? path : 'CHART')
