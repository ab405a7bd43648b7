import t from 'tap'
import { notSynced, readyStatus } from '../../../sync/status/ready-status.ts'

t.test('a message that ends inside a character is written once', async (t) => {
  for (const length of [2047, 2048]) {
    const readiness = notSynced(`${'x'.repeat(length)}😀`)
    const status = readyStatus(readiness, { before: {}, wallMs: 0 })
    const [ready] = status?.conditions ?? []
    // What the API server keeps: Go replaces half of a surrogate pair.
    const kept = Buffer.from(ready?.message ?? '').toString()
    const before = {
      ready: {
        status: 'False',
        reason: 'SecretSyncedError',
        message: kept,
        lastTransitionTime: '',
      },
    }
    t.equal(readyStatus(readiness, { before, wallMs: 1 }), undefined)
  }
})
