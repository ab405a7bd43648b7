import t from 'tap'
import type { AkvErrorCode } from '../../../../lib/errors/akv-error.ts'
import { errorTable } from '../../../../lib/errors/error-table.ts'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'
import { type ChangedAgentOptions, podWithChangedAgent } from '../harness/changed-agent.ts'
import { openDrills } from '../harness/explain.ts'
import { openNode } from '../harness/open-node.ts'
import { untilSaid } from '../harness/until-said.ts'

/** Tests what `kubectl describe` shows if the network, the proxy or the administrator's cloud settings are wrong. */
const node = openNode(t)
const explain = await openDrills(t, 'outages/unreachable.test.ts')
const namespace = await node.namespace()
const { hostname } = new URL(node.environment.vault.url)
const closedPort = `https://${hostname}:1`
const { certificatePem: otherCa } = await issueTestAuthority('another authority')

interface Drill extends Pick<ChangedAgentOptions, 'config' | 'env'> {
  readonly name: string
  readonly code: AkvErrorCode
  /** What the message contains besides the code and its remedy. */
  readonly says: readonly (string | RegExp)[]
}

const drills: readonly Drill[] = [
  {
    name: 'vault-name-not-in-dns',
    config: ({ cloud }) => ({ cloud: { ...cloud, vaultUrl: 'https://{vault}.vault.invalid' } }),
    code: 'AKV_NETWORK',
    says: [/vault team-a .*\((ENOTFOUND|EAI_AGAIN)\)/],
  },
  {
    name: 'entra-unreachable',
    config: ({ cloud }) => ({ cloud: { ...cloud, authorityHost: closedPort } }),
    code: 'AKV_NETWORK',
    says: [/Entra .*\(ECONNREFUSED\)/],
  },
  {
    name: 'proxy-down',
    env: { HTTPS_PROXY: `http://${hostname}:1` },
    code: 'AKV_NETWORK',
    says: ['Entra', 'HTTPS_PROXY'],
  },
  {
    name: 'certificate-of-another-authority',
    config: ({ cloud }) => ({ cloud: { ...cloud, ca: otherCa } }),
    code: 'AKV_TLS_UNTRUSTED',
    says: ['certificate of Entra', 'AKV_INJECTOR_CA_FILE'],
  },
]

const annotations = { secrets: 'db-password', timeout: '2s' }
const pods = await Promise.all(
  drills.map(({ code: _, says: __, ...drill }) =>
    podWithChangedAgent(node, { namespace, annotations, ...drill }),
  ),
)
await node.apply(...pods)

for (const [index, { name, code, says }] of drills.entries())
  t.test(name, async (t) => {
    const pod = pods[index] as (typeof pods)[number]
    await untilSaid(t, () => node.describe(pod), `${code}: `, errorTable[code].remedy, ...says)
    await explain(t, name, pod)
  })
