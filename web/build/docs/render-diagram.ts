import { escapeHtml } from './escape-html.ts'

/**
 * Renders a Mermaid diagram as the list of its arrows, in their order. Mermaid itself is ten times as large as a page may be, and
 * sets styles that the policy of the page refuses. The list is also what a screen reader can read.
 *
 * @throws Error if a line isn't known
 */
export function renderDiagram(diagram: string): string {
  const lines = diagram.split('\n').map((line) => line.trim())
  const names = new Map(
    lines.flatMap((line) => {
      const [, id, name] = declaration.exec(line) ?? []
      return id === undefined || name === undefined ? [] : [[id, name] as const]
    }),
  )
  const items = lines.flatMap((line) => {
    const groups = arrows.map((arrow) => arrow.exec(line)?.groups).find((match) => match)
    if (groups !== undefined) return [item(groups, names)]
    if (declaration.test(line) || /^(?:sequenceDiagram|flowchart LR|end|)$/.test(line)) return []
    throw new Error(`"${line}" isn't a line that web/build/docs/render-diagram.ts knows; add it`)
  })
  const list = lines.includes('sequenceDiagram') ? 'ol' : 'ul'
  return `<${list} class="diagram">\n${items.join('\n')}\n</${list}>\n`
}

const declaration =
  /^(?:participant (?=\w+ as )|subgraph (?=\w+\[)|(?=\w+\[))(\w+)(?: as |\[)(.+?)\]?$/

const arrows = [
  /^(?<from>\w+)--?>>(?<to>\w+): (?<text>.+)$/,
  /^(?<from>\w+) (?:--|-\.) (?<text>.+) (?:-->|\.->) (?<to>\w+)$/,
  /^Note over (?<from>\w+): (?<text>.+)$/,
]

function item(
  { from = '', to, text = '' }: Readonly<Record<string, string>>,
  names: ReadonlyMap<string, string>,
): string {
  const name = (id: string) => `<strong>${escapeHtml(names.get(id) ?? id)}</strong>`
  const ends = to === undefined ? name(from) : `${name(from)} → ${name(to)}`
  return `<li>${ends}: ${escapeHtml(text)}</li>`
}
