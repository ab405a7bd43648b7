import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import t from 'tap'
import { makeSite } from '../../../web/build/make-site.ts'
import { writeSite } from '../../../web/build/write-site.ts'
import { findBarriers, looks } from './find-barriers.ts'
import { openPage, skip } from './open-page.ts'

const folder = t.testdir()
const site = await makeSite()
writeSite(site, folder)
const urlOf = (file: string) => pathToFileURL(join(folder, file)).href
const pages = [...site.keys()].filter((name) => /\.html$/.test(name) && name !== 'playground.html')

const search = async (page: Page, words: string): Promise<void> => {
  await page.getByRole('searchbox', { name: 'Search' }).fill(words)
  await page.locator('#site-found', { hasText: /found$/ }).waitFor()
}

t.test('axe finds nothing in any page, light or dark, narrow or wide', { skip }, async (t) => {
  t.ok(pages.length > 30, `${pages.length} pages`)
  const { page, requests, messages } = await openPage(urlOf('index.html'))
  for (const look of looks) t.strictSame(await findBarriers(page, look), [], 'index.html')
  for (const [index, file] of pages.entries()) {
    await page.goto(urlOf(file))
    const look = looks[index % looks.length] ?? looks[0]
    t.strictSame(await findBarriers(page, look), [], `${file}, ${look.width} ${look.colorScheme}`)
  }
  t.strictSame(new Set(requests), new Set(['file:']), 'no other host is asked')
  t.strictSame(messages, [])
})

t.test('the search works with the keyboard alone', { skip }, async (t) => {
  const { page, messages } = await openPage(urlOf('docs/sync.html'))
  await page.getByRole('searchbox', { name: 'Search' }).focus()
  await page.keyboard.type('rotation')
  await page.locator('#site-found', { hasText: /sections? found$/ }).waitFor()
  const [first] = await page.locator('#site-list a').all()
  const target = await first?.evaluate((link) => String(link))
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL(String(target))
  t.ok(
    pages.some((file) => page.url().startsWith(`${urlOf(file)}#`)),
    page.url(),
  )
  t.strictSame(messages, [])
})

t.test('axe finds nothing in the results of the search', { skip }, async (t) => {
  const { page } = await openPage(urlOf('index.html'))
  for (const look of looks) {
    await search(page, 'vault')
    t.strictSame(await findBarriers(page, look), [], `${look.width} ${look.colorScheme}`)
  }
})

t.test('what somebody searches for is text', { skip }, async (t) => {
  const { page, messages } = await openPage(urlOf('index.html'))
  await search(page, '<img src=x onerror=globalThis.isRun=1>')
  t.equal(await page.evaluate('globalThis.isRun'), undefined)
  t.equal(await page.locator('#site-search img').count(), 0)
  t.strictSame(messages, [])
})

t.test('the walk-through shows one step at a time', { skip }, async (t) => {
  const { page, messages } = await openPage(urlOf('docs/walkthrough.html'))
  const shown = () => page.locator('main h2:visible').allTextContents()
  const status = page.getByRole('group', { name: 'Steps' }).getByRole('status')
  const titles = await page.locator('main h2').allTextContents()
  t.ok(titles.length >= 8, `${titles.length} steps`)
  t.strictSame(await shown(), titles.slice(0, 1))
  await page.getByRole('button', { name: 'Next' }).focus()
  await page.keyboard.press('Enter')
  t.strictSame(await shown(), titles.slice(1, 2))
  await page.keyboard.press('ArrowRight')
  t.strictSame(await shown(), titles.slice(2, 3))
  for (const _ of titles) await page.keyboard.press('ArrowRight')
  t.strictSame(await shown(), titles.slice(-1), 'the last one stays')
  t.equal(await status.textContent(), `Step ${titles.length} of ${titles.length}`)
  for (const look of looks) t.strictSame(await findBarriers(page, look), [])
  for (const _ of titles) await page.keyboard.press('ArrowLeft')
  t.strictSame(await shown(), titles.slice(0, 1))
  await page.getByRole('button', { name: 'Show all steps' }).click()
  t.strictSame(await shown(), titles)
  t.strictSame(messages, [])
})

t.test('a link leads to a step of the walk-through', { skip }, async (t) => {
  const url = urlOf('docs/walkthrough.html')
  const { page } = await openPage(`${url}#6-the-files-switch-in-one-step`)
  const shown = page.locator('main h2:visible')
  t.strictSame(await shown.allTextContents(), ['6. The files switch in one step'])
  await page.goto(`${url}#5-a-secret-is-rotated`)
  await page.getByRole('heading', { name: '5. A secret is rotated' }).waitFor()
  t.strictSame(await shown.allTextContents(), ['5. A secret is rotated'])
})

t.test('a broken link leads to the first step', { skip }, async (t) => {
  const { page, messages } = await openPage(`${urlOf('docs/walkthrough.html')}#%`)
  const shown = page.locator('main h2:visible')
  t.equal(await shown.count(), 1)
  const first = await shown.textContent()
  await page.getByRole('button', { name: 'Next' }).click()
  t.equal(await shown.count(), 1)
  t.not(await shown.textContent(), first)
  t.strictSame(messages, [])
})

t.test('without JavaScript, all steps are one below the other', { skip }, async (t) => {
  const { page } = await openPage(urlOf('docs/walkthrough.html'), { javaScriptEnabled: false })
  t.equal(await page.locator('main h2:visible').count(), await page.locator('main h2').count())
  t.equal(await page.locator('.steps').count(), 0)
})

t.test('a code block can be copied, or is selected', { skip }, async (t) => {
  const { page } = await openPage(urlOf('index.html'))
  await page.getByRole('button', { name: 'Copy' }).first().focus()
  await page.keyboard.press('Enter')
  await page.locator('#site-status:not(:empty)').waitFor({ state: 'attached' })
  t.match(await page.locator('#site-status').textContent(), /Copied|Ctrl\+C/)
})

t.test('pages can be read without JavaScript', { skip }, async (t) => {
  const { page } = await openPage(urlOf('index.html'), { javaScriptEnabled: false })
  t.notOk(await page.locator('#site-query').isVisible())
  t.equal(await page.locator('button').count(), 0)
  await page.setViewportSize({ width: 360, height: 800 })
  await page.locator('summary', { hasText: 'All pages' }).focus()
  await page.keyboard.press('Enter')
  await page.locator('nav a[href="docs/performance.html"]').first().focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(urlOf('docs/performance.html'))
  t.ok(await page.locator('h1').isVisible())
  t.ok(await page.locator('main img').first().isVisible())
})
