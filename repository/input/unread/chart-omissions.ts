import { join } from 'node:path'
import type { RenderFolder, SkippedPath } from '../text/find-files.ts'
import { findHeld, type HeldKind } from './find-held.ts'
import { createSearch } from './search-skipped.ts'

/** A chart, and the kinds of things to check that it gives. */
export interface RenderedChart {
  readonly path: string
  readonly has: ReadonlySet<HeldKind>
}

/**
 * Charts whose templates have a kind of thing to check that isn't in what was rendered, because the values leave it out. The default
 * values often do.
 */
export class ChartOmissions {
  /** What the renderings of a chart have to check, by its folder. */
  readonly #charts = new Map<string, Set<HeldKind>>()
  readonly #defaults = new Set<string>()

  /**
   * Notes what was rendered of a folder.
   *
   * @param isDefault - whether with the default values of a chart
   */
  note({ kind, path }: RenderFolder, text: string, isDefault: boolean): void {
    if (kind !== 'chart') return
    const known = this.#charts.get(path) ?? new Set()
    this.#charts.set(path, known)
    if (isDefault) this.#defaults.add(path)
    for (let held = findHeld(text); held; held = findHeld(text, known)) known.add(held.kind)
  }

  /** Returns the charts that were rendered with their default values, and what there is in the result. */
  charts(): readonly RenderedChart[] {
    return [...this.#defaults].map((path) => ({ path, has: this.#charts.get(path) ?? new Set() }))
  }

  /** Returns the templates to name, one for each chart. They aren't warnings, because such a chart is read as it is asked for. */
  found(): readonly SkippedPath[] {
    const search = createSearch()
    return [...this.#charts].flatMap(([path, known]) => {
      const held = search(join(path, 'templates'), known) ?? search(join(path, 'charts'), known)
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
