import type { Test } from 'tap'
import { annotations } from '../../../sync/harness/simulation.ts'
import type { Answer, KubeObject } from '../../client/api.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { secretsIn } from './sync-account.ts'
import { openSyncTestbed, type SyncTestbed } from './sync-testbed.ts'

/** The default annotation of the account `web`, and the values that it results in. */
export const sync = '[{ secret: db, data: "password=db-password, url=db#url" }]'
export const good = { password: 'correct horse', url: 'postgres://x' }
export const record = 'akv-injector-sync-web'

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A testbed for tests that each begin with one account and its Secrets. */
export interface AccountTestbed extends SyncTestbed {
  /** Removes the Secrets of the previous test, and syncs the account with this list. */
  reset(list?: string): Promise<void>
  /** Runs rounds for a quarter of an hour, and tells whether they wrote nothing. */
  isStable(): Promise<boolean>
  object(name: string, fields?: object): KubeObject
  /** Patches a Secret as a field manager. */
  patch(name: string, fields: object, fieldManager: string): Promise<Answer>
}

export async function openAccountTestbed(t: Test): Promise<AccountTestbed> {
  const testbed = await openSyncTestbed(t)
  const { api, cluster, namespace } = testbed
  const object = (name: string, fields: object = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    ...fields,
  })
  return {
    ...testbed,
    object,
    async reset(list = sync) {
      await testbed.annotate({})
      await testbed.round()
      for (const { metadata } of await cluster.list(object('any')))
        expectSuccess(await cluster.delete(object(String(metadata.name))))
      testbed.restart()
      await testbed.annotate(annotations(list))
      await testbed.round()
      await testbed.events()
    },
    async isStable() {
      const versions = () => Promise.all(['db', record].map(testbed.version))
      const before = await versions()
      for (let i = 0; i < 3; i++) {
        testbed.pass(330_000)
        await testbed.round()
      }
      return JSON.stringify(await versions()) === JSON.stringify(before)
    },
    patch: (name, fields, fieldManager) =>
      api.call({
        method: 'PATCH',
        path: `${secretsIn(namespace)}/${name}`,
        body: fields,
        contentType: 'application/merge-patch+json',
        query: { fieldManager },
      }),
  }
}
