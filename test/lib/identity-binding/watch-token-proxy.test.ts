import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { TokenProxyState } from '../../../lib/identity-binding/token-proxy.ts'
import { watchTokenProxy } from '../../../lib/identity-binding/watch-token-proxy.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'

const url = 'https://kubernetes.default.svc.cluster.local'

const [one, two] = (await Promise.all([issueTestAuthority(), issueTestAuthority()])).map(
  ({ certificatePem }) => certificatePem.trim(),
) as [string, string]

t.test('it is found anew when the CA changes, and failures are told once', async (t) => {
  const caFile = join(t.testdir(), 'ca.crt')
  const end = new AbortController()
  const states: TokenProxyState[] = []
  const lines: string[] = []
  const slept: number[] = []
  let asked = 0
  // What happens in each pause.
  const steps = [
    () => undefined,
    () => writeFileSync(caFile, `# one\n${one}\n`),
    () => undefined,
    () => rmSync(caFile),
    () => writeFileSync(caFile, `${two}\n`),
    () => end.abort(),
  ]
  await watchTokenProxy({
    settings: { url, caFile },
    onChange: (state) => states.push(state),
    clock: {
      sleep: async (ms) => {
        slept.push(ms)
        steps.shift()?.()
      },
    },
    log: {
      info: (message) => lines.push(message),
      warn: (message, details) => lines.push(`${message}: ${details?.['reason']}`),
    },
    signal: end.signal,
    find: async ({ ca }) => {
      asked += 1
      if (asked === 1) throw new Error('far away')
      return ca.includes(one) ? 'a1.ests.aks' : 'a2.ests.aks'
    },
  })
  t.match(states, [
    { kind: 'unknown', reason: /ENOENT/ },
    { kind: 'unknown', reason: /ENOENT/ },
    { kind: 'unknown', reason: 'far away' },
    { kind: 'known', proxy: { url, serverName: 'a1.ests.aks', ca: `${one}\n` } },
    { kind: 'known', proxy: { url, serverName: 'a2.ests.aks', ca: `${two}\n` } },
  ])
  t.equal(states.length, 5, 'while the file is gone, what was found stays')
  t.match(lines, [
    /cannot be used: ENOENT/,
    /cannot be used: far away/,
    'identity bindings can be used',
    /cannot be used: ENOENT/,
    'identity bindings can be used',
  ])
  t.equal(lines.length, 5)
  t.strictSame(slept, [2_000, 4_000, 8_000, 60_000, 2_000, 60_000])
})

/** Watches until the first pause, with a server name that the administrator has set. */
async function statesWith(caFile: string): Promise<readonly TokenProxyState[]> {
  const end = new AbortController()
  const states: TokenProxyState[] = []
  await watchTokenProxy({
    settings: { url, caFile, serverName: 'a.ests.aks' },
    onChange: (state) => states.push(state),
    clock: { sleep: async () => end.abort() },
    log: { info: () => undefined, warn: () => undefined },
    signal: end.signal,
    find: () => Promise.reject(new Error('asked')),
  })
  return states
}

t.test('a server name that the administrator has set needs no connection', async (t) => {
  t.strictSame(await statesWith(join(t.testdir({ 'ca.crt': one }), 'ca.crt')), [
    { kind: 'known', proxy: { url, serverName: 'a.ests.aks', ca: `${one}\n` } },
  ])
})

t.test('a file without certificates, or with a key, is refused', async (t) => {
  const { certificatePem, keyPem } = await issueTestAuthority()
  for (const [text, reason] of [
    ['', /ca\.crt: expected a PEM file of certificates/],
    [certificatePem + keyPem, /ca\.crt: the file contains a private key/],
  ] as const) {
    const caFile = join(t.testdir({ 'ca.crt': text }), 'ca.crt')
    t.match(await statesWith(caFile), [{ kind: 'unknown', reason }])
  }
})
