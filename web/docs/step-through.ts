/** The page whose chapters are the steps. */
const walkthrough = 'what-a-pod-goes-through'

interface Steps {
  readonly headings: readonly HTMLElement[]
  readonly back: HTMLButtonElement
  readonly next: HTMLButtonElement
  readonly all: HTMLButtonElement
  readonly status: HTMLElement
}

/**
 * Shows the walk-through one step at a time. Without JavaScript, and if the reader asks for it, all steps are one below the other.
 */
export function connectSteps(): void {
  const title = document.getElementById(walkthrough)
  const main = title?.parentElement
  if (title?.tagName !== 'H1' || !main) return
  const headings = [...main.querySelectorAll('h2')]
  const [first] = headings
  if (first === undefined) return
  const status = document.createElement('p')
  status.role = 'status'
  const [back, next, all] = [buttonOf('Back'), buttonOf('Next'), buttonOf('Show all steps')]
  const controls = document.createElement('div')
  controls.className = 'steps'
  controls.role = 'group'
  controls.ariaLabel = 'Steps'
  controls.append(back, next, all, status)
  main.insertBefore(controls, first)
  const steps = { headings, back, next, all, status }
  let current = stepOfHash(headings)
  const go = (index: number) => {
    if (headings[index] === undefined) return
    current = index
    show(steps, index)
  }
  back.addEventListener('click', () => go(current - 1))
  next.addEventListener('click', () => go(current + 1))
  all.addEventListener('click', () => showAll(steps))
  controls.addEventListener('keydown', ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key]
    if (step !== undefined) go(current + step)
  })
  addEventListener('hashchange', () => go(stepOfHash(headings)))
  go(current)
}

function buttonOf(text: string): HTMLButtonElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = text
  return button
}

/** A link may name a step. */
const stepOfHash = (headings: readonly HTMLElement[]): number =>
  Math.max(
    // Encoded, because a hash that somebody wrote can't always be decoded.
    headings.findIndex(({ id }) => new URL(`#${id}`, location.href).hash === location.hash),
    0,
  )

function show({ headings, back, next, status }: Steps, index: number): void {
  for (const [at, heading] of headings.entries())
    for (const element of chapterOf(heading)) element.hidden = at !== index
  // A button that is disabled would lose the focus.
  back.ariaDisabled = String(index === 0)
  next.ariaDisabled = String(index === headings.length - 1)
  status.textContent = `Step ${index + 1} of ${headings.length}`
}

function showAll({ headings, back, next, status }: Steps): void {
  for (const element of headings.flatMap(chapterOf)) element.hidden = false
  back.ariaDisabled = 'false'
  next.ariaDisabled = 'false'
  status.textContent = `All ${headings.length} steps`
}

/** A heading, and what is below it until the next one. */
function chapterOf(heading: HTMLElement): readonly HTMLElement[] {
  const chapter = [heading]
  let next = heading.nextElementSibling
  while (next instanceof HTMLElement && next.tagName !== 'H2') {
    chapter.push(next)
    next = next.nextElementSibling
  }
  return chapter
}
