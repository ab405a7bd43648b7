/** The elements of the page that its script uses. */
export interface View {
  readonly main: HTMLElement
  readonly editor: HTMLElement
  readonly example: HTMLSelectElement
  readonly namespace: HTMLInputElement
  readonly settings: HTMLTextAreaElement
  readonly link: HTMLButtonElement
  readonly linkStatus: HTMLElement
  readonly status: HTMLElement
  readonly tabs: HTMLElement
  readonly panel: HTMLElement
  readonly output: HTMLElement
  readonly notes: HTMLElement
  readonly findings: HTMLElement
  readonly findingList: HTMLElement
}

/** What the build puts into the page beside its script. */
interface PageData {
  /** The script of the worker. */
  readonly worker: string
  readonly examples: readonly { readonly name: string; readonly text: string }[]
}

export function findView(): View {
  const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T
  return {
    main: find('main'),
    editor: find('editor'),
    example: find('example'),
    namespace: find('namespace'),
    settings: find('settings'),
    link: find('link'),
    linkStatus: find('link-status'),
    status: find('status'),
    tabs: find('tabs'),
    panel: find('panel'),
    output: find('output'),
    notes: find('notes'),
    findings: find('findings'),
    findingList: find('finding-list'),
  }
}

export const readPageData = (): PageData =>
  JSON.parse(document.getElementById('data')?.textContent ?? '')
