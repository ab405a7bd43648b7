import { resolve } from 'node:path'
import { cached } from '../../../lib/cached.ts'
import type { RenderRoot } from '../render/render-folder.ts'
import { readFolderText } from '../unread/read-folder-text.ts'
import { mayHaveBuilders, textOf } from './read-flux.ts'

/**
 * Folders that are rendered as they are, unless an object of Flux or Argo CD applies them in its own way. That is known only
 * when everything is rendered that may have such objects.
 */
export class Unclaimed {
  #left: readonly RenderRoot[] = []
  readonly #claimed = new Set<string>()
  /** Reads the files of a folder, which is asked about each time that nothing is left to render. */
  readonly #namesOthers = cached(namesOthers)

  add(roots: readonly RenderRoot[]): void {
    this.#left = [...this.#left, ...roots]
  }

  /** Leaves a folder to an object that applies it. */
  claim(folder: string): void {
    this.#claimed.add(resolve(folder))
  }

  /** Returns the folders of a kind whose objects may claim others, each once. Undefined if there are none. */
  naming(kind: RenderRoot['kind']): readonly RenderRoot[] | undefined {
    return this.#take((root) => root.kind === kind && this.#namesOthers(root))
  }

  /** Returns all that are left, each once. */
  rest(): readonly RenderRoot[] {
    return this.#take(() => true) ?? []
  }

  #take(isWanted: (root: RenderRoot) => boolean): readonly RenderRoot[] | undefined {
    this.#left = this.#left.filter(({ path }) => !this.#claimed.has(resolve(path)))
    const taken = new Set(this.#left.filter(isWanted))
    this.#left = this.#left.filter((root) => !taken.has(root))
    return taken.size > 0 ? [...taken] : undefined
  }
}

const namesOthers = ({ kind, path, files = new Set() }: RenderRoot): boolean =>
  kind === 'chart'
    ? mayHaveBuilders(readFolderText(path) ?? '')
    : [...files].some((file) => mayHaveBuilders(textOf(file)))
