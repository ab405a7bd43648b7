export type CurveKind = 'good' | 'bad' | 'floor'

/** Colours as `#rrggbb`. */
interface ChartTheme {
  readonly background: string
  readonly grid: string
  readonly text: string
  readonly curves: Readonly<Record<CurveKind, string>>
}

const chartThemes: Readonly<Record<'light' | 'dark', ChartTheme>> = {
  light: {
    background: '#ffffff',
    grid: '#d0d7de',
    text: '#424a53',
    curves: { good: '#0550ae', bad: '#bc4c00', floor: '#8c959f' },
  },
  dark: {
    background: '#0d1117',
    grid: '#30363d',
    text: '#c9d1d9',
    curves: { good: '#79c0ff', bad: '#f0883e', floor: '#6e7681' },
  },
}

export type Point = readonly [x: number, y: number]

export interface Panel {
  readonly title: string
  readonly maxY: number
  /** Labels of the curves are drawn in the curves' colours. */
  readonly curves: readonly {
    readonly kind: CurveKind
    readonly label: string
    readonly points: readonly Point[]
  }[]
}

export interface Chart {
  readonly title: string
  /** In seconds. */
  readonly minX: number
  readonly maxX: number
  readonly panels: readonly Panel[]
}

const width = 760
const margin = { left: 62, right: 18, top: 40, bottom: 44 } as const
const plot = { width: width - margin.left - margin.right, height: 150 } as const
const panelHeight = margin.top + plot.height + margin.bottom

/** Of the bold text of titles, with room to spare, because each system has another font. */
const characterWidth = 7
const legendStep = 170

/** Returns a chart as SVG, with its panels one below the other. All have the same axis of time. */
function drawChart(chart: Chart, theme: ChartTheme): string {
  const height = chart.panels.length * panelHeight
  const panels = chart.panels.map(
    (panel, index) =>
      `<g transform="translate(${margin.left} ${index * panelHeight + margin.top})">
${drawPanel(panel, chart, theme)}
</g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${chart.title}</title>
<rect width="${width}" height="${height}" fill="${theme.background}"/>
<g font-family="system-ui, sans-serif" font-size="12" fill="${theme.text}">
${panels.join('\n')}
</g>
</svg>
`
}

/** Returns a chart's pictures in both themes, by path. */
export const chartPictures = (name: string, chart: Chart): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(chartThemes).map(([theme, colours]) => [
      `docs/pictures/${name}-${theme}.svg`,
      drawChart(chart, colours),
    ]),
  )

function drawPanel(panel: Panel, { minX, maxX }: Chart, theme: ChartTheme): string {
  const x = (value: number) => round(((value - minX) / (maxX - minX)) * plot.width)
  const y = (value: number) => round(plot.height * (1 - value / panel.maxY))
  const rows = [0, panel.maxY / 2, panel.maxY].map(
    (value) => `<line x2="${plot.width}" y1="${y(value)}" y2="${y(value)}" stroke="${theme.grid}"/>
<text x="-8" y="${y(value) + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`,
  )
  const columns = minutesBetween(minX, maxX).map(
    (value) =>
      `<text x="${x(value)}" y="${plot.height + 18}" text-anchor="middle">${value / 60}</text>`,
  )
  const unit = `<text x="${plot.width}" y="${plot.height + 32}" text-anchor="end">minutes</text>`
  const legendX = Math.max(260, characterWidth * panel.title.length + 24)
  const curves = panel.curves.map(({ kind, label, points }, index) => {
    const colour = theme.curves[kind]
    const path = points.map(([atX, atY]) => `${x(atX)},${y(atY)}`).join(' ')
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>
<text x="${legendX + legendStep * index}" y="-16" fill="${colour}" font-weight="bold">${label}</text>`
  })
  const title = `<text y="-16" font-weight="bold">${panel.title}</text>`
  return [title, ...rows, ...columns, unit, ...curves].join('\n')
}

function minutesBetween(minX: number, maxX: number): readonly number[] {
  const first = Math.ceil(minX / 60)
  const last = Math.floor(maxX / 60)
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * 60)
}

const round = (value: number): number => Math.round(value * 10) / 10
