import t from 'tap'
import type { FetchedObject } from '../../../keyvault/clients/object-client.ts'
import type { ObjectReference } from '../../../keyvault/reference.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { readAccount } from '../../../requests/account/read-account.ts'
import { inputName } from '../../../requests/secret/composition.ts'
import { encodeTarget } from '../../../requests/secret/key-path.ts'
import { maxKeptBytes } from '../../../sync/fetch/bound-values.ts'
import { reconcile } from '../../../sync/round/reconcile.ts'
import { noKnownSources } from '../../../sync/round/settle/decide-fates.ts'
import { createTryLimit } from '../../../sync/round/settle/try-limit.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { policy } from '../../webhook/core/policy.ts'
import { freePace } from '../harness/free-pace.ts'
import { memoryCluster } from '../harness/memory-cluster.ts'

const account = { namespace: 'team-a', name: 'web', uid: 'uid-1', annotations: {} }

/** Requests the Secret `db` with a JSON property, and the Secret `made` of a template. */
function request(): SyncRequest {
  const annotations = {
    'akv-injector.io/vault': 'team-a',
    'akv-injector.io/sync': '[{ secret: db, data: "k=json#a" }]',
  }
  const read = readAccount({ ...account, annotations }, policy) as SyncRequest
  const input = inputName(0)
  const path = encodeTarget({ secret: 'made', key: input })
  const object = { vault: 'team-a', type: 'secret', name: 'text' } as const
  // Each call is charged for the whole text: 1 s together.
  const template = '{{ if lower .text }}{{ end }}'.repeat(200)
  const composition = {
    inputs: [{ kind: 'key', input, key: 'text', decoding: 'None' }],
    template: { data: new Map([['made', template]]), keepsInputs: false },
  } as const
  const made = { name: 'made', type: 'Opaque', labels: {}, composition }
  return {
    ...read,
    config: { ...read.config, files: [...read.config.files, { path, object }] },
    secrets: [...read.secrets, made],
  }
}

async function round(json: string) {
  const values: Readonly<Record<string, string>> = { json, text: 'x'.repeat(25_000) }
  const version = '1'.repeat(32)
  const read = async ({ name }: ObjectReference): Promise<FetchedObject> => ({
    kind: 'secret',
    value: values[name] ?? '',
    contentType: undefined,
    isCertificate: false,
    version,
  })
  const session = {
    signIn: { principal: 'web', token: async () => 'token', forget: () => undefined },
    reader: { read, listVersions: async () => [] },
  }
  const input = {
    request: request(),
    session,
    before: undefined,
    isRegular: true,
    leftVersions: new Map(),
  }
  const { synced, failures } = await reconcile({
    cluster: memoryCluster({ accounts: [] }).cluster,
    metrics: { countWrite: () => undefined },
    tries: createTryLimit(fakeClock({})),
    clock: fakeClock({}),
    log: memoryLog().log,
    account,
    input,
    sources: noKnownSources,
    maxKeptBytes,
    pace: freePace,
    signal: new AbortController().signal,
  })
  return { synced: ['db', 'made'].filter((name) => synced.has(name)), failures }
}

t.test('fetching and templates share the budget of a round', async (t) => {
  t.strictSame(await round('{"a":"small"}'), { synced: ['db', 'made'], failures: [] })

  // Parsing it is charged 1.2 s.
  const costly = await round(JSON.stringify({ a: 'small', b: 'x'.repeat(8_000_000) }))
  t.strictSame(costly.synced, ['db'])
  t.match(costly.failures, [
    { kind: 'secret', name: 'made', error: { code: 'AKV_SYNC_VALUES', detail: /2 s of CPU time/ } },
  ])
})
