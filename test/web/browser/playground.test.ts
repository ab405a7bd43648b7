import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { root } from '../../support/run-command-line.ts'
import { runInFolder } from '../../support/run-in-folder.ts'
import {
  chooseExample,
  openPage,
  openPlayground,
  skip,
  statusOf,
  writePlayground,
} from './open-page.ts'

const folder = t.testdir()
const url = await writePlayground(folder)

const outputOf = async (page: Page): Promise<string> =>
  (await page.locator('#output').textContent()) ?? ''

t.test('the page runs from a disk, and asks nobody for anything', { skip }, async (t) => {
  const { page, requests, messages } = await openPlayground(url)
  const names = await page.getByLabel('Example').locator('option').allInnerTexts()
  t.ok(names.length > 12, `${names.length} examples`)
  for (const name of names) {
    await chooseExample(page, name)
    t.match(await statusOf(page), /^\d+ pods? checked, \d+ problems?, \d+ warnings?$/, name)
    t.not(await outputOf(page), '', name)
  }
  t.strictSame(requests, ['file:', 'blob:'], 'the page, and its own worker')
  t.strictSame(messages, [])
})

t.test('findings are listed, and marked at their lines', { skip }, async (t) => {
  const { page } = await openPlayground(url)
  await chooseExample(page, 'mistakes')
  t.equal(await statusOf(page), '1 pod checked, 3 problems, 0 warnings')
  t.equal(await page.locator('#finding-list li').count(), 3)
  t.equal(await page.locator('#editor .finding').count(), 3)
  const text = readFileSync(join(root, 'web/examples/mistakes.yaml'), 'utf8')
  writeFileSync(join(folder, 'manifest.yaml'), text)
  const { stdout } = await runInFolder(folder, ['check', 'manifest.yaml'])
  t.equal(await outputOf(page), stdout, 'the page prints what check prints')
})

t.test('each tab shows what its command prints', { skip }, async (t) => {
  const { page, messages } = await openPlayground(url)
  for (const [tab, example, printed] of [
    ['Check', 'csi driver', /^SecretProviderClass\/team-a \(manifest\.yaml\): would be served$/m],
    ['Difference', 'csi driver', /^\+\+\+ b\/manifest\.yaml$/m],
    ['Final pod', 'csi driver', /^ +image: akv-injector:unset$/m],
    ['Migrate', 'csi driver', /^-kind: SecretProviderClass$/m],
    ['Identity', 'csi driver', /^az identity federated-credential create /m],
    ['RBAC', 'sync opaque', /^kind: Role$/m],
  ] as const) {
    await page.getByRole('tab', { name: tab }).click()
    await chooseExample(page, example)
    t.match(await outputOf(page), printed, tab)
  }
  t.strictSame(messages, [])
})

t.test('the settings and the namespace change the answer', { skip }, async () => {
  const { page } = await openPlayground(url)
  await page.getByText('The administrator’s settings').click()
  const settings = page.getByLabel('One AKV_INJECTOR_NAME=VALUE a line')
  const status = (text: string | RegExp) => page.locator('#status', { hasText: text }).waitFor()
  await settings.fill('Q=1')
  await status('“Q=1” isn’t a setting')
  await settings.fill('AKV_INJECTOR_ALLOWED_VAULTS=*=other')
  await status(/^1 pod checked, [1-9]\d* problem/)
  await settings.fill('')
  await status(/^1 pod checked, 0 problems/)
  await page.getByLabel('Namespace').fill('Not a name')
  await status('the namespace: expected')
})

t.test('a copied link gives back what the page has', { skip }, async (t) => {
  const { page } = await openPlayground(url)
  await chooseExample(page, 'mistakes')
  await page.getByLabel('Namespace').fill('shop')
  await page.getByRole('button', { name: 'Copy a link' }).click()
  await page.locator('#link-status:not(:empty)').waitFor()
  const opened = await openPlayground(page.url())
  t.equal(await opened.page.getByLabel('Namespace').inputValue(), 'shop')
  t.equal(await statusOf(opened.page), '1 pod checked, 3 problems, 0 warnings')
  t.strictSame(opened.requests, ['file:', 'blob:'])
})

t.test('without JavaScript, the page says what to do', { skip }, async (t) => {
  const { page } = await openPage(url, { javaScriptEnabled: false })
  t.ok(await page.locator('noscript p').isVisible())
})
