import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import t from 'tap'
import { makePlayground } from '../../../web/build/make-playground.ts'
import { without } from '../../support/needs/without.ts'
import { launchChromium } from './launch-chromium.ts'

/** For tap's `skip`. */
export const skip = without('chromium')

// The machine may be slow, so nothing here has a limit of its own. tap names a test that hangs, and ends it.
const timeout = 0

let launched: Promise<Browser> | undefined

/** One Chromium for all tests of a file. */
function launchOnce(): Promise<Browser> {
  if (launched === undefined) {
    launched = launchChromium()
    t.teardown(async () => (await launched)?.close())
  }
  return launched
}

interface Example {
  readonly name: string
  readonly text: string
}

/**
 * Writes the playground into a folder, for which a test may change it.
 *
 * @param examples - the page offers these after its own
 * @returns its address
 */
export async function writePlayground(
  folder: string,
  examples: readonly Example[] = [],
  change = (html: string) => html,
): Promise<string> {
  const { html } = await makePlayground()
  const file = join(folder, 'playground.html')
  writeFileSync(
    file,
    change(html).replace(/(id="data">)(.*?)(<\/script>)/s, (_, start, text, end) => {
      const data = JSON.parse(text)
      const all = JSON.stringify({ ...data, examples: [...data.examples, ...examples] })
      return `${start}${all.replaceAll('<', '\\u003c')}${end}`
    }),
  )
  return pathToFileURL(file).href
}

/** The clock of a page without the second after which it ends a check. `passSecond()` lets this second pass. */
export const withoutLimit = `{
  const { setTimeout } = globalThis
  globalThis.setTimeout = (run, ms, ...rest) => {
    if (ms !== 1000) return setTimeout(run, ms, ...rest)
    globalThis.passSecond = run
    return 0
  }
}`

interface Opened {
  readonly page: Page
  /** What the page has asked for, by scheme. */
  readonly requests: readonly string[]
  /** What the page has written to the console, and the errors that nothing has caught. */
  readonly messages: readonly string[]
}

interface Options extends BrowserContextOptions {
  /** Runs in the page before its own script. */
  readonly prelude?: string
}

/** Opens a page in a browser context of its own. */
export async function openPage(
  url: string,
  { prelude = withoutLimit, ...options }: Options = {},
): Promise<Opened> {
  const context = await (await launchOnce()).newContext(options)
  context.setDefaultTimeout(timeout)
  await context.addInitScript({ content: prelude })
  const page = await context.newPage()
  const requests: string[] = []
  const messages: string[] = []
  page.on('request', (request) => requests.push(new URL(request.url()).protocol))
  page.on('pageerror', (error) => messages.push(String(error)))
  page.on('console', (message) => messages.push(message.text()))
  await page.goto(url)
  return { page, requests, messages }
}

/** Opens the playground, and waits until it has answered. */
export async function openPlayground(url: string, options: Options = {}): Promise<Opened> {
  const opened = await openPage(url, options)
  await settle(opened.page)
  return opened
}

/** Waits until the playground has answered everything. */
export const settle = (page: Page): Promise<void> =>
  page.locator('#main[aria-busy=false]').waitFor({ state: 'attached' })

export async function chooseExample(page: Page, label: string): Promise<void> {
  await page.getByLabel('Example').selectOption({ label })
  await settle(page)
}

export const statusOf = async (page: Page): Promise<string> =>
  (await page.locator('#status').textContent()) ?? ''
