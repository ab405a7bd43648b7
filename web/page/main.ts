import type { CommandName } from '../core/question.ts'
import { CommandWorker } from './command-worker.ts'
import { createEditor, type Editor } from './editor.ts'
import { linkTo, readLink } from './link.ts'
import { Playground } from './playground.ts'
import { connectTabs } from './tabs.ts'
import { findView, readPageData, type View } from './view.ts'

const view = findView()
const { worker, examples } = readPageData()
const editor = createEditor(view.editor, () => playground.changed())
const playground = new Playground(view, editor, new CommandWorker(worker))

connectTabs(view.tabs, (tab) => {
  view.panel.setAttribute('aria-labelledby', tab.id)
  playground.select(tab.dataset['command'] as CommandName)
})
view.namespace.addEventListener('input', () => playground.changed())
view.settings.addEventListener('input', () => playground.changed())
view.example.append(...examples.map(({ name }) => new Option(name)))
view.example.addEventListener('change', () => showExample(view.example.selectedIndex))
view.link.addEventListener('click', () => void copyLink(view, editor))
addEventListener('hashchange', () => void openLink())

/** The page's own change of its link must not load it again. */
let ownLink: string | undefined

function showExample(index: number): void {
  editor.setText(examples[index]?.text ?? '')
  playground.changed(0)
}

async function openLink(): Promise<boolean> {
  if (location.hash === '' || location.hash === ownLink) return false
  const shared = await readLink(location.hash)
  if (shared === undefined) {
    view.linkStatus.textContent = 'This link is damaged, or too large.'
    return false
  }
  editor.setText(shared.text)
  view.namespace.value = shared.namespace
  view.settings.value = shared.settings
  playground.changed(0)
  return true
}

async function copyLink({ namespace, settings, linkStatus }: View, { text }: Editor) {
  const link = await linkTo({
    text: text(),
    namespace: namespace.value,
    settings: settings.value,
  })
  if (link === undefined) {
    linkStatus.textContent = 'This is too large for a link.'
    return
  }
  ownLink = link
  location.hash = link
  linkStatus.textContent = await navigator.clipboard.writeText(location.href).then(
    () => 'Copied. The link holds the manifests; nothing is sent when somebody opens it.',
    () => 'The address bar has the link.',
  )
}

async function start(): Promise<void> {
  if (!(await openLink())) showExample(0)
}

void start()
