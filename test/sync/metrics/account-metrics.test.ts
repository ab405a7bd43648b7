import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { accountGauges } from '../../../sync/metrics/account-metrics.ts'

t.test('each enabled account has gauges, and zeros if it has no Secrets', async (t) => {
  const accounts = ['web', 'idle'].map((name) => ({ namespace: 'team-a', name }))
  const text = await accountGauges(accounts, {
    prefix: 'p_',
    secretsOf: (namespace, account) =>
      namespace === 'team-a' && account === 'web'
        ? [
            { isSynced: true, staleSeconds: 0 },
            { isSynced: false, staleSeconds: 2.5 },
          ]
        : [],
  })
  t.equal(
    text,
    `# HELP p_secrets Requested Secrets by account and state
# TYPE p_secrets gauge
p_secrets{namespace="team-a",account="web",state="synced"} 1
p_secrets{namespace="team-a",account="web",state="failing"} 1
p_secrets{namespace="team-a",account="idle",state="synced"} 0
p_secrets{namespace="team-a",account="idle",state="failing"} 0

# HELP p_staleness_seconds How long the worst Secret of an account has been failing, or its refresh has been overdue
# TYPE p_staleness_seconds gauge
p_staleness_seconds{namespace="team-a",account="web"} 2.5
p_staleness_seconds{namespace="team-a",account="idle"} 0
`,
  )
})

t.test('the event loop goes on while thousands of accounts are written', async (t) => {
  const accounts = Array.from({ length: 10_000 }, (_, n) => ({
    namespace: 'team-a',
    name: `app-${n}`,
  }))
  let turns = 0
  let isWritten = false
  const counting = (async () => {
    while (!isWritten) {
      await setImmediate()
      turns += 1
    }
  })()
  const text = await accountGauges(accounts, {
    prefix: 'p_',
    secretsOf: () => [],
  })
  isWritten = true
  await counting
  t.ok(turns >= 10, `${turns}`)
  t.equal(text.match(/^p_staleness_seconds\{/gm)?.length, 10_000)
})
