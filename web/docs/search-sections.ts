import MiniSearch from 'minisearch'

/** A section of a page, as the search has it. */
export interface SearchEntry {
  readonly id: number
  /** In the site, such as `docs/aks.html`. */
  readonly file: string
  readonly anchor: string
  /** The title of the page. */
  readonly page: string
  readonly title: string
  readonly text: string
}

export interface FoundSection extends Omit<SearchEntry, 'id' | 'text'> {
  /** What is around the first word that was found. */
  readonly excerpt: string
}

/** Searches all sections: the best first, and at most as many as people read. */
export class SectionSearch {
  readonly #entries: readonly SearchEntry[]
  readonly #index = new MiniSearch<SearchEntry>({
    fields: ['title', 'page', 'text'],
    tokenize: wordsIn,
    searchOptions: {
      boost: { title: 4, page: 2 },
      // A word may be unfinished or misspelled, but a short one would then be found everywhere.
      prefix: (term) => term.length > 1,
      fuzzy: (term) => (term.length > 6 ? 2 : term.length > 4),
    },
  })

  private constructor(entries: readonly SearchEntry[]) {
    this.#entries = entries
  }

  /** Indexes the entries a few at a time, so that a page stays usable meanwhile. */
  static async over(entries: readonly SearchEntry[]): Promise<SectionSearch> {
    const search = new SectionSearch(entries)
    await search.#index.addAllAsync(entries, { chunkSize: 20 })
    return search
  }

  /** @param query - some words. Sections with all of them are found, or with any if none has all */
  find(query: string): readonly FoundSection[] {
    const all = this.#index.search(query, { combineWith: 'AND' })
    const results = all.length > 0 ? all : this.#index.search(query)
    return results.slice(0, mostResults).flatMap(({ id, terms }) => {
      const entry = this.#entries[id]
      if (entry === undefined) return []
      const { file, anchor, page, title, text } = entry
      return { file, anchor, page, title, excerpt: excerptOf(text, terms) }
    })
  }
}

/** `akv-injector.io/on-change` is found as a whole, as `on-change`, and by `change`. */
function wordsIn(text: string): string[] {
  const names = text.match(/[\p{L}\p{M}\p{N}]+(?:[-_./:]+[\p{L}\p{M}\p{N}]+)*/gu) ?? []
  return names.flatMap((name) => [
    ...new Set([name, ...name.split(/[/:]+/), ...name.split(/[-_./:]+/)]),
  ])
}

const mostResults = 20
const excerptLength = 160

function excerptOf(text: string, terms: readonly string[]): string {
  const lower = text.toLowerCase()
  const places = terms.map((term) => lower.indexOf(term)).filter((place) => place >= 0)
  const first = places.length === 0 ? 0 : Math.min(...places)
  const start = first < excerptLength / 2 ? 0 : text.lastIndexOf(' ', first - 40) + 1
  const excerpt = text.slice(start, start + excerptLength)
  const isCut = start + excerpt.length < text.length
  return `${start > 0 ? '… ' : ''}${isCut ? `${excerpt.replace(/ \S*$/, '')} …` : excerpt}`
}
