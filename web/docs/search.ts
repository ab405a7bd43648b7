import { searchReady } from './search-box.ts'
import { type SearchEntry, SectionSearch } from './search-sections.ts'

/** Stands before this script in the same file. */
declare const searchEntries: readonly SearchEntry[]

void SectionSearch.over(searchEntries).then((search) => {
  globalThis.searchDocs = (query) => search.find(query)
  dispatchEvent(new Event(searchReady))
})
