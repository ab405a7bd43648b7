import { makePlayground } from '../../../web/build/make-playground.ts'
import { launchChromium } from '../browser/launch-chromium.ts'

const size = { width: 1000, height: 600 } as const

/** Opens the playground with its example of mistakes, and returns a picture of it for each colour scheme, by path. */
export async function takePictures(): Promise<Readonly<Record<string, string>>> {
  const { html } = await makePlayground()
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: size })
    await page.setContent(html)
    await page.getByLabel('Example').selectOption({ label: 'mistakes' })
    await page.locator('#status', { hasText: '3 problems' }).waitFor()
    const browserSide = await page.context().newCDPSession(page)
    const pictures: Record<string, string> = {}
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      // A quarter of what it takes as PNG. Playwright's own screenshots can't be WebP.
      const { data } = await browserSide.send('Page.captureScreenshot', {
        format: 'webp',
        quality: 50,
      })
      pictures[`docs/pictures/playground-${colorScheme}.svg`] = svgOf(data)
    }
    return pictures
  } finally {
    await browser.close()
  }
}

/** The other pictures of the docs are SVG, too, which every part of the build reads as text. */
const svgOf = (base64: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}">
<image width="${size.width}" height="${size.height}" href="data:image/webp;base64,${base64}"/>
</svg>
`
