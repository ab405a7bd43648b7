import { demoLines } from './demo-lines.ts'
import { renderSvg, themes } from './render-svg.ts'

/** Runs the demo once and returns the README's pictures of it, by path. */
export async function makePictures(): Promise<Readonly<Record<string, string>>> {
  const lines = ['$ npm run demo', '', '   ⋮', '', ...(await demoLines())]
  return Object.fromEntries(
    Object.entries(themes).map(([name, theme]) => [
      `docs/pictures/demo-${name}.svg`,
      renderSvg(lines, theme),
    ]),
  )
}
