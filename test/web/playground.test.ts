import { createHash } from 'node:crypto'
import { brotliCompressSync } from 'node:zlib'
import t from 'tap'
import { makePlayground } from '../../web/build/make-playground.ts'

const { html, packages } = await makePlayground()

/** What `check` and the editor take together. A page that takes long to load isn't tried. */
const maxCompressedBytes = 300 * 1024

t.test('the playground is one small file', (t) => {
  const { length } = brotliCompressSync(html)
  t.ok(length < maxCompressedBytes, `${length} bytes are below ${maxCompressedBytes}`)
  t.notMatch(html, /\{\{\w+\}\}/, 'every placeholder is filled')
  t.notMatch(
    html,
    /<(?:link|img|iframe|base|form)\b| (?:src|href|srcset|action)=/,
    'it loads nothing',
  )
  t.end()
})

t.test('the same sources give the same bytes', async (t) => {
  t.ok((await makePlayground()).html === html)
})

t.test('the policy allows only the script and the style of the page', (t) => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? ''
  const hash = (text = '') => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const style = /<style>(.*?)<\/style>/s.exec(html)?.[1]
  const script = /<script>(.*?)<\/script>/s.exec(html)?.[1]
  t.strictSame(policy.split('; '), [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ])
  t.end()
})

t.test('the data of the page can’t end its element', (t) => {
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? ''
  t.notMatch(data, '<')
  const { examples } = JSON.parse(data)
  t.ok(examples.length > 12, `${examples.length} examples`)
  t.end()
})

t.test('the packages in the page are known', (t) => {
  const names = packages.map(({ name }) => name)
  for (const name of ['@codemirror/view', '@lezer/yaml', '@noble/hashes', 'pathe', 're2js', 'yaml'])
    t.ok(names.includes(name), name)
  t.end()
})
