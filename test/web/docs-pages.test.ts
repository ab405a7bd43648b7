import t, { type Test } from 'tap'
import { docsVersion } from '../../web/build/docs/docs-version.ts'
import { readMarkdown } from '../../web/build/docs/read-markdown.ts'
import { renderDiagram } from '../../web/build/docs/render-diagram.ts'
import { makeDocs } from '../../web/build/make-docs.ts'

const readme = `# Start

| you | read |
|---|---|
| read **this** | [docs/a.md](docs/a.md) |
`

/** Makes the docs of a repository that has this page, and returns it. */
function pageOf(t: Test, markdown: string): string {
  const root = t.testdir({
    'README.md': readme,
    docs: { 'a.md': markdown, 'b.md': '# B\n\n## One\n\n## One\n', pictures: { 'icon.svg': '' } },
    lib: { 'x.ts': '' },
  })
  return makeDocs(root).files.get('docs/a.html') ?? ''
}

/** What the page itself has. */
const contentOf = (html: string): string =>
  /<main [^>]*>\n(.*)\n<\/main>/s.exec(html)?.[1]?.trim() ?? ''

t.test('links lead to pages, and to the sources of other files', async (t) => {
  const html = contentOf(
    pageOf(t, '# A\n\n[p](b.md#one-1) [r](../README.md) [f](../lib/x.ts) [d](../lib/) [s](#a)'),
  )
  t.match(html, '<a href="b.html#one-1">p</a> <a href="../index.html">r</a>')
  t.match(html, '/blob/main/lib/x.ts">f</a>')
  t.match(html, '/tree/main/lib">d</a>')
  t.match(html, '<a href="#a">s</a>')
})

t.test('the build names all that is broken', async (t) => {
  const broken = [
    ['[a](c.md)', 'docs/a.md: the link c.md leads nowhere: no such file'],
    ['[a](b.md#two)', 'the link b.md#two leads nowhere: docs/b.md has no heading of this name'],
    ['[a](#two)', 'the link #two leads nowhere'],
    ['[a](../lib/x.ts#L1)', 'only pages of the site have anchors'],
    ['[a](../../x)', 'the link ../../x leads nowhere'],
    ['[a](javascript:alert(1))', 'the link javascript:alert(1) leads nowhere'],
    ['[a](//x.example/)', 'the link //x.example/ leads nowhere'],
    ['[a](http://x.example)', 'the link http://x.example leads nowhere'],
    ['[a](data:text/html,x)', 'the link data:text/html,x leads nowhere'],
    ['![a](https://x.example/a.svg)', 'not a picture in docs/pictures'],
    ['![a](pictures/b.svg)', 'not a picture in docs/pictures'],
    ['> # Quoted', 'is inside of a block'],
  ] as const
  for (const [markdown, problem] of broken)
    t.throws(() => pageOf(t, `# A\n\n${markdown}`), { message: problem }, markdown)
  const both = broken.map(([markdown]) => markdown).join('\n\n')
  try {
    pageOf(t, `# A\n\n${both}`)
    t.fail('nothing was refused')
  } catch (error) {
    t.equal((error as Error).message.split('\n').length, broken.length, 'all at once')
  }
})

t.test('raw HTML is refused, whatever it is', async (t) => {
  for (const markdown of [
    '<script>alert(1)</script>',
    '<script src="https://x.example/x.js"></script>',
    'a <img src="x" onerror="alert(1)">',
    '<style>*{}</style>',
    '<code onclick="alert(1)">a</code>',
    '<meta http-equiv="refresh" content="0;url=https://x.example">',
    '<base href="https://x.example/">',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<picture>\n  <source media="(prefers-color-scheme: dark)" srcset="pictures/icon.svg">\n  <img alt="a" src="pictures/icon.svg" onload="alert(1)">\n</picture>',
    '<!-- a --><script>alert(1)</script>',
    '<!-- a --!><script>alert(1)</script> -->',
    '<details>a</details>',
    '<svg><a href="javascript:alert(1)">a</a></svg>',
    '<?php ?>',
    '<!DOCTYPE html>',
    '<![CDATA[<script>]]>',
  ])
    t.throws(() => pageOf(t, `# A\n\n${markdown}`), { message: /is raw HTML/ }, markdown)
})

t.test('text stays text', async (t) => {
  const tags = (html: string) => [...html.matchAll(/<\/?([\w/]+)/g)].map(([, name]) => name)
  const attack = '"\'><img src=x onerror=alert(1)>'
  for (const [markdown, allowed] of [
    [`\`${attack}\``, ['code', 'p']],
    [`\`\`\`${attack}\n</code>${attack}\n\`\`\``, ['code', 'div', 'pre']],
    [`    ${attack}`, ['code', 'div', 'pre']],
    ['<code><img/src=x onerror=alert(1)// <b & "</code>', ['code', 'p']],
    ['[a](https://x.example/?"onclick=alert(1)&a=b)', ['a', 'p']],
    ['[a](https://x.example "\\" onclick=alert(1)")', ['a', 'p']],
    ['\\<script>alert(1)\\</script>', ['p']],
    ['&lt;script&gt;alert(1)&lt;/script&gt;', ['p']],
    ['![" onerror="alert(1)](pictures/icon.svg)', ['img', 'p']],
    ['<!-- a comment -->', []],
    ['see http://127.0.0.1:8080 or me@x.example', ['p']],
  ] as const) {
    const html = contentOf(pageOf(t, `# A\n\n${markdown}\n`)).replace(/^<h1.*<\/h1>\n?/, '')
    t.strictSame(new Set(tags(html)), new Set(allowed), markdown)
    const inTags = html.match(/<[^>]*>/g)?.map((tag) => tag.replaceAll(/"[^"]*"/g, '""')) ?? []
    t.notMatch(inTags.join(), /onerror|onclick|alert/, markdown)
  }
  const title = pageOf(t, `# A \`</title>${attack}\`\n\n## B\n\n## C \`${attack}\`\n\n## D\n`)
  t.match(title, '<title>A &lt;/title&gt;&quot;&#39;&gt;&lt;img src=x onerror=alert(1)&gt; ·')
  t.notMatch(title, '<img')
})

t.test('a page without a title, and a README without its table, are refused', async (t) => {
  t.throws(() => readMarkdown('docs/a.md', 'text\n'), { message: /docs\/a\.md has no title/ })
  const root = t.testdir({ 'README.md': '# A\n', docs: {} })
  t.throws(() => makeDocs(root), { message: /no table with the columns "you" and "read"/ })
})

t.test('a diagram becomes a list of its arrows', async (t) => {
  t.equal(
    renderDiagram(
      'sequenceDiagram\n    participant A as one\n    A->>B: x <y>\n    Note over B: n',
    ),
    `<ol class="diagram">
<li><strong>one</strong> → <strong>B</strong>: x &lt;y&gt;</li>
<li><strong>B</strong>: n</li>
</ol>
`,
  )
  t.match(
    renderDiagram('flowchart LR\n  subgraph s[All]\n    a[one]\n  end\n  a -. same .-> b'),
    '<li><strong>one</strong> → <strong>b</strong>: same</li>',
  )
  t.throws(() => renderDiagram('gantt'), { message: /"gantt" isn't a line that/ })
})

t.test('the version is the one that the changelog has', async (t) => {
  const version = (changelog: string) =>
    docsVersion(readMarkdown('CHANGELOG.md', `# Changelog\n\n${changelog}`), '1.2.3')
  const dated = '## [1.2.3] - 2027-01-02\n\n### Added\n\n- a\n'
  t.strictSame(version(dated), { name: '1.2.3 of 2027-01-02', ref: 'v1.2.3' })
  t.strictSame(version(`## [Unreleased]\n\n${dated}`), version(dated))
  t.strictSame(version(`## [Unreleased]\n\n### Added\n\n- b\n\n${dated}`), {
    name: 'after 1.2.3',
    ref: 'main',
  })
  const unreleased = { name: '1.2.3, not released yet', ref: 'main' }
  t.strictSame(version('## [1.2.3] - not released yet\n'), unreleased)
  t.strictSame(version('## [1.2.2] - 2027-01-01\n'), unreleased)
  t.strictSame(docsVersion(undefined, '1.2.3'), unreleased)
})
