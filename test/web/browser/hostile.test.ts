import t from 'tap'
import { linkTo } from '../../../web/page/link.ts'
import {
  chooseExample,
  openPlayground,
  settle,
  skip,
  statusOf,
  withoutLimit,
  writePlayground,
} from './open-page.ts'

const tags = '<script>globalThis.isRun=1</script><img src=x onerror=globalThis.isRun=1>'
const quoted = JSON.stringify(tags)
const withTags = `apiVersion: v1
kind: Pod
metadata:
  name: ${quoted}
  annotations:
    akv-injector.io/vault: ${quoted}
    akv-injector.io/secrets: ${quoted}
    ${JSON.stringify(`akv-injector.io/${tags}`)}: ${quoted}
spec: { containers: [{ name: ${quoted}, image: ${quoted} }] }
`
const mebibyte = 1024 * 1024

/** More than any answer within a second, or than a stack holds. */
const large = {
  'many pods':
    'kind: Pod\nmetadata: {name: a, annotations: {akv-injector.io/vault: "<b>"}}\n---\n'.repeat(
      100_000,
    ),
  deep: `a: ${'['.repeat(mebibyte)}`,
  'one long line': `a: ${'x'.repeat(8 * mebibyte)}`,
}
const url = await writePlayground(t.testdir())

t.test('tags in manifests and in links are text', { skip }, async (t) => {
  const shared = { text: withTags, namespace: 'shop', settings: '' }
  const links = [
    await linkTo(shared),
    await linkTo({ ...shared, namespace: tags }),
    await linkTo({ ...shared, settings: tags }),
    await linkTo({ ...shared, settings: `AKV_INJECTOR_DEFAULT_VAULT=${tags}` }),
    `#1.${encodeURIComponent(tags)}`,
  ]
  for (const link of links) {
    const { page, messages, requests } = await openPlayground(`${url}${link}`)
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click()
      await settle(page)
    }
    t.equal(await page.evaluate('globalThis.isRun'), undefined)
    t.equal(await page.locator('img').count(), 0)
    t.equal(await page.locator('script').count(), 2)
    t.strictSame(messages, [])
    t.match(requests.join(' '), /^file:( blob:)?$/)
  }
})

t.test('a damaged link, and one that is too large, are named', { skip }, async (t) => {
  for (const link of ['#1.AAAA', `#1.${'A'.repeat(300 * 1024)}`]) {
    const { page, messages } = await openPlayground(`${url}${link}`)
    t.equal(await page.locator('#link-status').textContent(), 'This link is damaged, or too large.')
    t.match(await statusOf(page), /^1 pod checked/, 'the page has its example')
    t.strictSame(messages, [])
  }
})

t.test('the policy refuses what a tag could do', { skip }, async (t) => {
  const { page } = await openPlayground(url)
  const refused = await page.evaluate(`new Promise((resolve) => {
    const refused = new Set()
    addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      refused.add(effectiveDirective)
      if (refused.size === 6) resolve([...refused].sort())
    })
    const script = document.createElement('script')
    script.textContent = 'globalThis.isRun = 1'
    document.body.append(script)
    const element = document.createElement('div')
    element.innerHTML = '<b style="color: red" onclick="globalThis.isRun = 1"></b><img src="https://example.invalid/">'
    document.body.append(element)
    fetch('https://example.invalid/').catch(() => {})
    setTimeout("globalThis.isRun = 1")
  })`)
  t.strictSame(refused, [
    ...['connect-src', 'img-src', 'script-src', 'script-src-attr', 'script-src-elem'],
    'style-src-attr',
  ])
  t.equal(await page.evaluate('globalThis.isRun'), undefined)
})

t.test('large and deep manifests don’t hold the page up', { skip }, async (t) => {
  // With the real limit of a second: the page answers, or ends the check.
  const examples = Object.entries(large).map(([name, text]) => ({ name, text }))
  const { page, messages } = await openPlayground(await writePlayground(t.testdir(), examples), {
    prelude: '',
  })
  for (const name of Object.keys(large)) {
    await chooseExample(page, name)
    t.match(await statusOf(page), /checked|was ended|worker stopped/, name)
  }
  t.strictSame(messages, [])
})

/** Workers that never answer a question about the namespace `endless`. */
const endlessWorkers = `
  globalThis.endedWorkers = 0
  globalThis.isAskedEndlessly = new Promise((resolve) => {
    const { postMessage, terminate } = Worker.prototype
    Worker.prototype.postMessage = function (question) {
      if (question.namespace === 'endless') resolve()
      else postMessage.call(this, question)
    }
    Worker.prototype.terminate = function () {
      endedWorkers += 1
      terminate.call(this)
    }
  })`

t.test('a check that takes more than a second is ended', { skip }, async (t) => {
  const { page, messages } = await openPlayground(url, { prelude: withoutLimit + endlessWorkers })
  await page.getByLabel('Namespace').fill('endless')
  await page.evaluate('isAskedEndlessly')
  t.equal(await page.evaluate('endedWorkers'), 0)
  await page.evaluate('passSecond()')
  await settle(page)
  t.match(await statusOf(page), 'takes more than a second')
  t.equal(await page.evaluate('endedWorkers'), 1)
  await page.getByLabel('Namespace').fill('shop')
  await page.locator('#status', { hasText: '1 pod checked' }).waitFor()
  t.strictSame(messages, [], 'a new worker answers the next question')
})

t.test('the page says if the browser refuses its worker', { skip }, async (t) => {
  const refuse = (html: string) => html.replace('worker-src blob:', "worker-src 'none'")
  const { page } = await openPlayground(await writePlayground(t.testdir(), [], refuse))
  t.match(await statusOf(page), 'the browser doesn’t start its worker')
})
