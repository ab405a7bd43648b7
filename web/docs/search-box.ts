import type { FoundSection } from './search-sections.ts'

declare global {
  /** Set by search.js, which is loaded when somebody begins to search. */
  var searchDocs: ((query: string) => readonly FoundSection[]) | undefined
}

interface SearchView {
  readonly root: string
  readonly box: HTMLElement
  readonly query: HTMLInputElement
  readonly results: HTMLElement
  readonly found: HTMLElement
  readonly list: HTMLElement
  /** What screen readers announce. */
  readonly status: HTMLElement
}

/** Shows the search, which needs JavaScript, and connects it. */
export function connectSearch(): void {
  const element = <T extends HTMLElement>(name: string) =>
    document.getElementById(`site-${name}`) as T
  const view: SearchView = {
    root: document.documentElement.dataset['root'] ?? '',
    box: element('search'),
    query: element('query'),
    results: element('results'),
    found: element('found'),
    list: element('list'),
    status: element('status'),
  }
  const { box, query, results } = view
  box.hidden = false
  query.addEventListener('focus', () => loadOnce(view))
  addEventListener(searchReady, () => show(view))
  query.addEventListener('input', () => show(view))
  box.addEventListener('keydown', (event) => onKey(event, view))
  document.addEventListener('click', ({ target }) => {
    // A result may be on the same page, which the list would cover.
    const isOutside = !box.contains(target as Node)
    if (isOutside || target instanceof HTMLAnchorElement) results.hidden = true
  })
}

/** The event that says that search.js is ready. */
export const searchReady = 'search-ready'

let script: HTMLScriptElement | undefined
let whileAbsent = 'Loading the search'

function loadOnce(view: SearchView): void {
  if (script !== undefined) return
  script = document.createElement('script')
  script.src = `${view.root}search.js`
  script.addEventListener('error', () => {
    whileAbsent = 'The search can’t be loaded. Load the page again.'
    show(view)
  })
  document.head.append(script)
}

function show({ root, query, results, found, list, status }: SearchView): void {
  const words = query.value.trim()
  results.hidden = words === ''
  const sections = words === '' ? [] : globalThis.searchDocs?.(words)
  found.textContent = sections === undefined ? whileAbsent : countOf(sections.length)
  status.textContent = words === '' ? '' : found.textContent
  list.replaceChildren(...(sections ?? []).map((section) => itemOf(section, root)))
}

const countOf = (sections: number): string =>
  sections === 0 ? 'Nothing found' : `${sections} ${sections === 1 ? 'section' : 'sections'} found`

function itemOf({ file, anchor, page, title, excerpt }: FoundSection, root: string): HTMLElement {
  const item = document.createElement('li')
  const link = document.createElement('a')
  link.href = `${root}${file}#${anchor}`
  link.textContent = title === page ? title : `${page}: ${title}`
  const text = document.createElement('p')
  text.textContent = excerpt
  item.append(link, text)
  return item
}

/** Escape closes the results. The arrow keys move between the query and them, as the Tab key does. */
function onKey(event: KeyboardEvent, { box, query, results }: SearchView): void {
  if (event.key === 'Escape') {
    results.hidden = true
    query.focus()
    return
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined || results.hidden) return
  const stops = [query, ...box.querySelectorAll('a')]
  const next = stops[stops.indexOf(document.activeElement as HTMLAnchorElement) + step]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}
