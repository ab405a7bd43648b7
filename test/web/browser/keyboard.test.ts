import type { Page } from 'playwright-core'
import t from 'tap'
import { findBarriers, looks } from './find-barriers.ts'
import { chooseExample, openPlayground, settle, skip, writePlayground } from './open-page.ts'

const url = await writePlayground(t.testdir())

/** What has the focus: its id, or its text. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(`document.activeElement.id || document.activeElement.textContent.slice(0, 40)`)

async function pressTo(page: Page, stop: string): Promise<readonly string[]> {
  const passed: string[] = []
  // Ends at the end of the page, where the focus leaves it.
  do {
    await page.keyboard.press('Tab')
    passed.push(await focused(page))
  } while (passed.at(-1) !== stop && passed.length < 50)
  return passed
}

t.test('everything can be reached and used with the keyboard alone', { skip }, async (t) => {
  const { page } = await openPlayground(url)
  t.strictSame(await pressTo(page, 'example'), ['example'])
  // Typing chooses an option. A second letter would be a new word, if it came late.
  await page.keyboard.type('m')
  await page.locator('#status', { hasText: '3 problems' }).waitFor()
  await settle(page)
  t.strictSame(await pressTo(page, 'editor'), ['namespace', 'link', 'editor'])
  await page.keyboard.type('[')
  await page.locator('#status', { hasNotText: '3 problems' }).waitFor()
  await page.keyboard.press('Backspace')
  await page.locator('#status', { hasText: '3 problems' }).waitFor()
  await settle(page)
  const [settings, ...findings] = await pressTo(page, 'tab-check')
  t.equal(settings, 'The administrator’s settings', 'the Tab key leaves the editor')
  t.equal(findings.length, 4)
  t.strictSame(await pressTo(page, 'panel'), ['panel'])
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Shift+Tab')
  t.match(await focused(page), /^line 11: /)
  await page.keyboard.press('Enter')
  t.equal(await focused(page), 'editor', 'a finding leads to its line')
})

t.test('the arrow keys choose a tab', { skip }, async (t) => {
  const { page } = await openPlayground(url)
  await chooseExample(page, 'csi driver')
  await page.getByRole('tab', { name: 'Check' }).focus()
  for (const [key, id] of [
    ['ArrowRight', 'tab-difference'],
    ['ArrowLeft', 'tab-check'],
    ['ArrowLeft', 'tab-rbac'],
    ['ArrowRight', 'tab-check'],
    ['End', 'tab-rbac'],
    ['Home', 'tab-check'],
  ] as const) {
    await page.keyboard.press(key)
    await settle(page)
    t.equal(await focused(page), id, key)
    t.equal(await page.getByRole('tab', { selected: true }).getAttribute('id'), id)
    t.equal(await page.getByRole('tabpanel').getAttribute('aria-labelledby'), id)
  }
})

t.test('axe finds nothing in any view, light or dark, narrow or wide', { skip }, async (t) => {
  const { page } = await openPlayground(url)
  for (const example of ['csi driver', 'mistakes']) {
    await chooseExample(page, example)
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click()
      await settle(page)
      for (const look of looks.slice(0, 2))
        t.strictSame(
          await findBarriers(page, look),
          [],
          `${example}, ${await tab.textContent()}, ${look.width} ${look.colorScheme}`,
        )
    }
  }
})
