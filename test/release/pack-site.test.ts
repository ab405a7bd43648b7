import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packSite } from '../../release/pack-site.ts'
import { makePlayground } from '../../web/build/make-playground.ts'
import { makeSite } from '../../web/build/make-site.ts'

t.test('a release has the site as one archive, and the playground as one file', async (t) => {
  const folder = t.testdir({ out: {}, extracted: {} })
  const out = join(folder, 'out')
  await packSite(out, '1.2.3')
  const names = [
    'akv-injector-playground-1.2.3.html',
    'akv-injector-site-1.2.3.THIRD-PARTY-NOTICES.txt',
    'akv-injector-site-1.2.3.tgz',
  ]
  t.strictSame(readdirSync(out).sort(), names)

  const site = await makeSite()
  const archive = join(out, 'akv-injector-site-1.2.3.tgz')
  execFileSync('tar', ['-xzf', archive, '-C', join(folder, 'extracted')])
  const extracted = join(folder, 'extracted/akv-injector-site-1.2.3')
  const files = readdirSync(extracted, { recursive: true, withFileTypes: true })
  t.equal(files.filter((entry) => entry.isFile()).length, site.size)
  for (const [name, content] of site)
    t.ok(readFileSync(join(extracted, name), 'utf8') === content, name)

  const { html } = await makePlayground()
  t.ok(readFileSync(join(out, names[0] ?? ''), 'utf8') === html)
  t.notMatch(html, 'href=', 'the one file has no other to lead to')
})
