/**
 * Makes a list of tabs work with the mouse and with the arrow keys, as the ARIA Authoring Practices describe tabs that are
 * selected by focus.
 *
 * @param list - has the role `tablist`; each tab names its panel with `aria-controls`
 */
export function connectTabs(list: HTMLElement, onSelect: (tab: HTMLElement) => void): void {
  const tabs = [...list.querySelectorAll<HTMLElement>('[role=tab]')]
  const select = (tab: HTMLElement) => {
    for (const one of tabs) {
      one.setAttribute('aria-selected', String(one === tab))
      one.tabIndex = one === tab ? 0 : -1
    }
    onSelect(tab)
  }
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener('click', () => select(tab))
    tab.addEventListener('keydown', (event) => {
      const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 }[event.key]
      const target = next === undefined ? undefined : tabs.at(next % tabs.length)
      if (target === undefined) return
      event.preventDefault()
      target.focus()
      select(target)
    })
  }
}
