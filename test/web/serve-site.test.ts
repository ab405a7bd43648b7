import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { createSiteServer } from '../../web/serve-site.ts'

t.test('the server has the files of the site, and no other', async (t) => {
  const files = new Map([
    ['index.html', '<p>start'],
    ['docs/a.html', '<p>a'],
    ['docs.css', 'p {}'],
  ])
  const server = createSiteServer(files).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  // fetch would resolve `..` itself.
  const get = async (path: string, method = 'GET') => {
    const asked = request({ host: '127.0.0.1', port, path, method, agent: false }).end()
    const [response] = await once(asked, 'response')
    return [response.statusCode, response.headers['content-type'], await text(response)]
  }
  const html = 'text/html; charset=utf-8'
  const plain = 'text/plain; charset=utf-8'
  t.strictSame(await get('/'), [200, html, '<p>start'])
  t.strictSame(await get('/docs/a.html?x=1'), [200, html, '<p>a'])
  t.strictSame(await get('/docs.css'), [200, 'text/css; charset=utf-8', 'p {}'])
  t.strictSame(await get('/', 'HEAD'), [200, html, ''])
  t.strictSame(await get('/', 'POST'), [405, plain, 'The site has no such file.\n'])
  for (const path of ['/absent', '/../package.json', '/%2e%2e/package.json', '/docs', '/__proto__'])
    t.strictSame(await get(path), [404, plain, 'The site has no such file.\n'], path)
})

t.test('a wrong option is refused before the site is made', async (t) => {
  const script = join(import.meta.dirname, '../../web/main.ts')
  const run = (...args: readonly string[]) => {
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
    return { status, stderr }
  }
  for (const port of ['x', '65536', '1.5', ''])
    t.strictSame(run(`--port=${port}`), {
      status: 1,
      stderr: `npm run web: --port ${port} isn't a port; name a number from 0 to 65535, and 0 takes any free one\n`,
    })
  t.match(run('--prot=1'), { status: 1, stderr: /^npm run web: Unknown option '--prot'/ })
})
