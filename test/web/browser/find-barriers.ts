import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** A narrow and a wide window, in the light and in the dark. */
export const looks = [
  { width: 360, colorScheme: 'light' },
  { width: 1300, colorScheme: 'dark' },
  { width: 360, colorScheme: 'dark' },
  { width: 1300, colorScheme: 'light' },
] as const

type Look = (typeof looks)[number]

/**
 * What is wrong with a page in a window: what axe-core finds, such as too little contrast or an unnamed field, and whether readers
 * have to scroll sideways.
 */
export async function findBarriers(
  page: Page,
  { width, colorScheme }: Look,
): Promise<readonly unknown[]> {
  await page.setViewportSize({ width, height: 800 })
  await page.emulateMedia({ colorScheme })
  await page.evaluate(`globalThis.axe ?? (() => { ${axe} })()`)
  const violations: unknown[] = await page.evaluate(
    `axe.run({ preload: false, resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`,
  )
  const scrolled = await page.evaluate('document.documentElement.scrollWidth')
  return scrolled === width ? violations : [...violations, `${scrolled} pixels wide`]
}
