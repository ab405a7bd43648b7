import t, { type Test } from 'tap'
import { firstFetch } from '../../../init-agent/fetch/first-fetch.ts'
import { vaultError } from '../../../keyvault/errors/classify.ts'
import { type AkvError, toAkvError } from '../../../lib/errors/akv-error.ts'
import { simulatePod } from '../../init-agent/harness/simulated-pod.ts'
import { logLine } from '../../support/injected-pods/agent-log.ts'
import { injectedPod } from '../../support/injected-pods/injected-pod.ts'
import { serveInstall } from './harness/serve-install.ts'

const secret = (name: string) => ({
  name,
  isEnabled: true,
  isCertificate: false,
  tags: new Map<string, string>(),
})
const page = (number: number) =>
  Array.from({ length: 25 }, (_, index) => secret(`other-${number}-${index}`))

/** The error with which the agent of a pod with a find gives up. */
async function giveUp(t: Test, pages: Parameters<typeof simulatePod>[2]): Promise<AkvError> {
  const finds = [{ path: 'shop', vault: 'team-a', pattern: 'shop-*' }]
  const { context } = simulatePod(t, { finds, timeoutSeconds: 0 }, pages)
  try {
    await firstFetch(context)
  } catch (thrown) {
    return toAkvError(thrown)
  }
  throw new Error('the fetch succeeded')
}

/** What `doctor` says about such a pod, after the story. */
async function examine(t: Test, { code, message }: AkvError): Promise<string> {
  const { server, put, doctor } = await serveInstall(t)
  server.date = new Date('2026-11-29T10:30:00Z')
  const agent = {
    name: 'akv-injector',
    restartCount: 1,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: {
      terminated: {
        exitCode: 1,
        finishedAt: '2026-11-29T09:30:00Z',
        message: `${code}: ${message}`,
      },
    },
  }
  const annotations = { vault: 'team-a', secrets: 'shop/=find:shop-*', refresh: '5m' }
  const status = { phase: 'Pending', initContainerStatuses: [agent] }
  put(injectedPod({ annotations, status }), logLine({ level: 'error', code, message }))
  const { code: exitCode, stdout } = await doctor('pod', 'web', '-n', 'team-a')
  t.equal(exitCode, 1)
  t.match(stdout, `it is us: ${code}: `)
  t.match(stdout, 'from all secrets of team-a that match shop-*')
  return stdout
}

t.test('a vault that may not be listed: which right a find needs, and who gives it', async (t) => {
  const refused = vaultError(
    { kind: 'status', status: 403, body: '', retryAfterMs: undefined },
    {
      object: 'the list of secrets in vault team-a',
      vault: 'team-a',
      principal: 'client c',
      isList: true,
    },
  )
  const error = await giveUp(t, {
    pages: () => {
      throw refused
    },
  })
  const stdout = await examine(t, error)
  t.match(stdout, /× .*may not list the secrets of .*team-a, which find needs; a role on the whole/)
  t.match(stdout, /access policies: .*List for a history or a find/)
  t.match(
    stdout,
    /^az role assignment create --role 'Key Vault Secrets User' --scope "\$VAULT_ID" /m,
  )
})

t.test('a vault with more pages than a pod lists: how many, and what to do', async (t) => {
  const error = await giveUp(t, { pages: () => Array.from({ length: 41 }, (_, i) => page(i)) })
  const stdout = await examine(t, error)
  t.match(stdout, /× .*the list .*team-a: it has more than 40 pages, with 1000 secrets so far/)
  t.match(stdout, 'If the vault has too many, name the secrets instead of finding them')
})

t.test('a find that finds nothing: which pattern, and how to allow it', async (t) => {
  const stdout = await examine(t, await giveUp(t, { pages: () => [page(0)] }))
  t.match(stdout, /× .*team-a: no enabled secret matches shop-\* \(those of certificates aren/)
  t.match(stdout, 'end it with "?" if it may find nothing')
})
