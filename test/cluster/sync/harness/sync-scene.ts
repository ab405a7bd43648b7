import type { Test } from 'tap'
import { annotations } from '../../../sync/world.ts'
import type { Answer, KubeObject } from '../../client/api.ts'
import { must } from '../../client/must.ts'
import { secretsIn } from './sync-account.ts'
import { openSyncWorld, type SyncWorld } from './sync-world.ts'

/** What the account `web` asks for, unless told otherwise, and what that gives. */
export const sync = '[{ secret: db, data: "password=db-password, url=db#url" }]'
export const good = { password: 'correct horse', url: 'postgres://x' }
export const record = 'akv-injector-sync-web'

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A world for tests that each begin with one account and its Secrets. */
export interface SyncScene extends SyncWorld {
  /** Takes away what the test before has left, and brings the account to what it asks for. */
  startAnew(list?: string): Promise<void>
  /** Rounds of a quarter of an hour; whether nobody has written anything. */
  hasSettled(): Promise<boolean>
  object(name: string, fields?: object): KubeObject
  /** As the field manager of that name. */
  patch(name: string, fields: object, fieldManager: string): Promise<Answer>
}

export async function openSyncScene(t: Test): Promise<SyncScene> {
  const world = await openSyncWorld(t)
  const { api, cluster, namespace } = world
  const object = (name: string, fields: object = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    ...fields,
  })
  return {
    ...world,
    object,
    async startAnew(list = sync) {
      await world.annotate({})
      await world.round()
      for (const { metadata } of await cluster.list(object('any')))
        must(await cluster.delete(object(String(metadata.name))))
      world.restart()
      await world.annotate(annotations(list))
      await world.round()
      await world.events()
    },
    async hasSettled() {
      const versions = () => Promise.all(['db', record].map(world.version))
      const before = await versions()
      for (let i = 0; i < 3; i++) {
        world.pass(330_000)
        await world.round()
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
