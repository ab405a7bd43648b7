import t from 'tap'
import type { ReconcileStatus } from '../../certs/controller.ts'
import { serveCertsHealth } from '../../certs/health.ts'

t.test(
  'the certificate controller is alive while it reconciles, and ready while everything is in place',
  async (t) => {
    let now = 0
    let status: ReconcileStatus = { atMs: 0, failures: 0, problem: 'has not reconciled yet' }
    const health = await serveCertsHealth({
      listen: { host: '127.0.0.1', port: 0 },
      status: () => status,
      elapsedMs: () => now,
      staleMs: 300_000,
    })
    t.teardown(() => health.close())
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${health.address.port}${path}`)
      return `${answer.status} ${await answer.text()}`
    }
    t.equal(await ask('/healthz'), '200 ok\n')
    t.equal(await ask('/readyz'), '503 has not reconciled yet\n')
    status = { atMs: 1000, failures: 2, problem: undefined }
    t.equal(await ask('/readyz'), '200 ok\n')
    t.match(await ask('/metrics'), /^200 .*akv_injector_certs_ready 1\n/s)
    now = 301_000
    t.equal(await ask('/healthz'), '200 ok\n')
    now = 301_001
    t.equal(await ask('/healthz'), '503 has not reconciled for too long\n')
    for (const path of ['/', '/__proto__', '/constructor', '/healthz/'])
      t.equal(await ask(path), '404 not found\n', path)
  },
)
