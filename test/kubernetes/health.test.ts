import t from 'tap'
import { serveHealth } from '../../kubernetes/health.ts'

t.test('it answers what it was given, and nothing else', async (t) => {
  let problem: string | undefined = 'not yet'
  const health = await serveHealth({
    listen: { host: '127.0.0.1', port: 0 },
    checks: { '/readyz': () => problem },
    metrics: async () => 'a_metric 1\n',
  })
  t.teardown(() => health.close())
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${health.port}${path}`)
    return `${answer.status} ${await answer.text()}`
  }
  t.equal(await ask('/readyz'), '503 not yet\n')
  problem = undefined
  t.equal(await ask('/readyz'), '200 ok\n')
  t.equal(await ask('/metrics'), '200 a_metric 1\n')
  t.equal(await ask('/metrics?name[]=a_metric'), '200 a_metric 1\n', 'a query changes nothing')
  t.equal(await ask('/readyz?verbose'), '200 ok\n')
  for (const path of ['/', '/__proto__', '/constructor', '/readyz/', '/metrics/'])
    t.equal(await ask(path), '404 not found\n', path)
})

t.test('there are metrics only where there are any', async (t) => {
  const health = await serveHealth({ listen: { host: '127.0.0.1', port: 0 }, checks: {} })
  t.teardown(() => health.close())
  const { status } = await fetch(`http://127.0.0.1:${health.port}/metrics`)
  t.equal(status, 404)
})
