import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { readPages } from '../../web/build/docs/read-pages.ts'
import { makeSite } from '../../web/build/make-site.ts'
import { anchorsOf } from '../docs/anchors-of.ts'

const root = join(import.meta.dirname, '../..')
const site = await makeSite()
const pages = [...site].filter(([file]) => /\.html$/.test(file) && file !== 'playground.html')
const compressed = (file: string) => gzipSync(site.get(file) ?? '').length

/** Where the site may be: below a path. */
const base = 'http://site.example/some/path/'

/** What pages name in their tags. */
function addressesIn(html: string) {
  return [...html.matchAll(/<(\w+)[^>]*? (href|src|srcset)="([^"]*)"/g)].map(
    ([, tag, name, address = '']) => ({ tag, name, address: address.replaceAll('&amp;', '&') }),
  )
}

const idsIn = (html = ''): readonly string[] =>
  [...html.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id)

t.test('the same sources give the same bytes', async (t) => {
  const again = await makeSite()
  t.strictSame([...again.keys()], [...site.keys()])
  for (const [file, content] of site) t.ok(again.get(file) === content, file)
})

t.test('every address in a page leads to a file of the site, below any path', (t) => {
  const ids = new Map(pages.map(([file, html]) => [file, new Set(idsIn(html))]))
  let count = 0
  for (const [file, html] of pages)
    for (const { tag, address } of addressesIn(html)) {
      count += 1
      const url = new URL(address, base + file)
      if (tag === 'a' && url.protocol === 'https:') continue
      t.ok(url.href.startsWith(base), `${file}: ${address} stays in the site`)
      const target = url.pathname.slice(new URL(base).pathname.length)
      t.ok(site.has(target), `${file}: ${address} is in the site`)
      const anchor = decodeURIComponent(url.hash.slice(1))
      if (anchor !== '') t.ok(ids.get(target)?.has(anchor), `${file}: ${address} has its anchor`)
    }
  t.ok(count > 2000, `${count} addresses`)
  t.end()
})

t.test('pages load nothing but files of the site', (t) => {
  for (const [file, html] of pages) {
    const policies = [...html.matchAll(/<meta http-equiv="([^"]+)" content="([^"]+)">/g)]
    t.strictSame(
      policies.map(([, name, policy]) => [name, policy]),
      [
        [
          'Content-Security-Policy',
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'",
        ],
      ],
      file,
    )
    t.ok(html.indexOf('<meta http-equiv') < html.indexOf('<script'), 'the policy comes first')
    t.strictSame(html.match(/<script[^>]*>[^<]*/g)?.length, 1, `${file} has one script`)
    t.match(html, /<script src="(?:\.\.\/)?docs\.js" defer><\/script>/)
    t.notMatch(html, /<(?:style|iframe|object|embed|base|form|svg)\b/, file)
    t.notMatch(html, /<[a-z][^>]* (?:style|on[a-z]+)=/, file)
    const frame = html.replace(/<main.*<\/main>/s, '')
    t.notMatch(frame, '{{', 'every placeholder is filled')
  }
  t.notMatch(site.get('docs.css') ?? '', /url\(|@import/)
  for (const script of ['docs.js', 'search.js'])
    t.notMatch(
      (site.get(script) ?? '').replace(/^var searchEntries=.*$/m, ''),
      /https?:|innerHTML|\beval\(|\bimport\(/,
      script,
    )
  t.end()
})

t.test('the first view of a page is small, and so is the code', (t) => {
  const shared = compressed('docs.css') + compressed('docs.js')
  for (const [file, html] of pages) {
    const pictures = addressesIn(html).filter(({ tag }) => tag === 'img')
    const loaded = pictures.map(({ address }) => new URL(address, base + file).href)
    const bytes = loaded.reduce(
      (sum, url) => sum + compressed(url.slice(base.length)),
      compressed(file) + shared,
    )
    t.ok(bytes < 100 * 1000, `${file}: ${bytes} bytes`)
  }
  const code = compressed('docs.js') + compressed('search.js')
  t.ok(code < 300 * 1000, `${code} bytes with all that the search knows`)
  t.end()
})

t.test('headings have the anchors that they have on GitHub, and no id is used twice', (t) => {
  const markdown = readPages(root)
  t.ok(markdown.length > 30, `${markdown.length} pages`)
  for (const { path, file, sections } of markdown) {
    const ids = idsIn(site.get(file))
    t.equal(new Set(ids).size, ids.length, `${file} has each id once`)
    const anchors = anchorsOf(readFileSync(join(root, path), 'utf8'))
    for (const { anchor } of sections)
      t.ok(anchors.includes(anchor.replace(/-\d+$/, '')) || anchors.includes(anchor), anchor)
  }
  t.end()
})

t.test('every page leads to every other one, and says which one it is', (t) => {
  for (const [file, html] of pages) {
    const [, navigation = ''] = /<nav aria-label="Pages">(.*?)<\/nav>/s.exec(html) ?? []
    const targets = addressesIn(navigation).map(({ address }) => new URL(address, base + file).href)
    t.strictSame(
      new Set(targets),
      new Set([...pages.map(([name]) => base + name), `${base}playground.html`]),
      file,
    )
    const current = [...navigation.matchAll(/href="([^"]*)" aria-current="page"/g)]
    t.strictSame(
      new Set(current.map(([, address = '']) => new URL(address, base + file).href)),
      new Set([base + file]),
    )
    t.match(html, '0.1.0', 'each page names its version')
  }
  const readers = [...(site.get('index.html') ?? '').matchAll(/<li>(You .*)$/gm)]
  t.ok(readers.length > 8, `${readers.length} kinds of readers`)
  t.end()
})

t.test('docs are readable without JavaScript', (t) => {
  const html = site.get('docs/performance.html') ?? ''
  t.match(html, /<div role="search" id="site-search" hidden>/, 'what needs it is hidden')
  t.notMatch(html, '<button')
  t.match(html, /<h1 id="performance">/)
  t.match(
    html,
    '<source media="(prefers-color-scheme: dark)" srcset="pictures/fleet-start-dark.svg">',
  )
  t.notMatch(site.get('index.html') ?? '', 'sequenceDiagram', 'diagrams are lists')
  t.end()
})

t.test('the site comes with its licences, and with the playground that leads back', (t) => {
  const notices = site.get('THIRD-PARTY-NOTICES.txt') ?? ''
  for (const name of ['@codemirror/view', 're2js', 'yaml', 'minisearch'])
    t.match(notices, new RegExp(`^${name} \\d`, 'm'), name)
  t.match(site.get('LICENSE.txt') ?? '', 'MIT')
  t.match(site.get('playground.html') ?? '', '<a href="index.html">')
  t.end()
})
