import type { Theme } from '../render-svg.ts'

/** Who takes part, from left to right. */
const parts = ['API server', 'webhook', 'agent', 'Entra', 'vault', 'files'] as const

type Part = (typeof parts)[number]

/** One message of a step. From a part to itself, it is something that the part does alone. */
export interface Message {
  readonly from: Part
  readonly to: Part
  readonly label: string
}

const column = 120
const box = { width: 100, height: 32, top: 12 } as const
const messageHeight = 34
const width = parts.length * column

const centreOf = (part: Part): number => (parts.indexOf(part) + 0.5) * column

/** Draws who does what in a step. Those who take part stand out. */
export function drawStep(title: string, messages: readonly Message[], theme: Theme): string {
  const height = box.top + box.height + messages.length * messageHeight + 24
  const active = new Set(messages.flatMap(({ from, to }) => [from, to]))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${title}</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${theme.background}" stroke="${theme.border}"/>
<g font-family="system-ui, sans-serif" font-size="13" fill="${theme.text}" text-anchor="middle">
${parts.map((part) => drawPart(part, { isActive: active.has(part), height, theme })).join('\n')}
${messages.map((message, index) => drawMessage(message, index, theme)).join('\n')}
</g>
</svg>
`
}

interface Look {
  readonly isActive: boolean
  readonly height: number
  readonly theme: Theme
}

function drawPart(part: Part, { isActive, height, theme }: Look): string {
  const x = centreOf(part)
  const colour = isActive ? theme.strong : theme.border
  const text = isActive ? ` fill="${theme.strong}" font-weight="bold"` : ` fill="${theme.dim}"`
  return `<line x1="${x}" x2="${x}" y1="${box.top + box.height}" y2="${height - 12}" stroke="${theme.border}"/>
<rect x="${x - box.width / 2}" y="${box.top}" width="${box.width}" height="${box.height}" rx="4" fill="${theme.background}" stroke="${colour}"/>
<text x="${x}" y="${box.top + 21}"${text}>${part}</text>`
}

function drawMessage({ from, to, label }: Message, index: number, theme: Theme): string {
  const y = box.top + box.height + (index + 1) * messageHeight
  const start = centreOf(from)
  const end = centreOf(to)
  if (start === end)
    return `<circle cx="${start}" cy="${y}" r="4" fill="${theme.strong}"/>
${labelAt(start, y - 8, { label, theme })}`
  const back = end > start ? -8 : 8
  return `<line x1="${start}" x2="${end}" y1="${y}" y2="${y}" stroke="${theme.strong}" stroke-width="1.5"/>
<path d="M${end + back},${y - 5} L${end},${y} L${end + back},${y + 5}" fill="none" stroke="${theme.strong}" stroke-width="1.5"/>
${labelAt((start + end) / 2, y - 8, { label, theme })}`
}

/** With an edge in the colour of the background, so that no line crosses the letters. */
const labelAt = (
  x: number,
  y: number,
  { label, theme }: { readonly label: string; readonly theme: Theme },
): string =>
  `<text x="${x}" y="${y}" stroke="${theme.background}" stroke-width="5" paint-order="stroke">${label}</text>`
