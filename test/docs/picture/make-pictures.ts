import { demoLines } from './demo-lines.ts'
import { renderSvg, themes } from './render-svg.ts'
import { makeWalk } from './walk/make-walk.ts'

/** Runs the demo once and returns the README's pictures of it, and the walk-through with its own, by path. */
export async function makePictures(): Promise<Readonly<Record<string, string>>> {
  const demo = await demoLines()
  const lines = ['$ npm run demo', '', '   ⋮', '', ...demo]
  const pictures = Object.entries(themes).map(([name, theme]) => [
    `docs/pictures/demo-${name}.svg`,
    renderSvg(lines, theme),
  ])
  return { ...Object.fromEntries(pictures), ...makeWalk(demo) }
}
