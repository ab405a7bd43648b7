import t from 'tap'
import type { KubeObject } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { install, installObjects, uninstall, webhookConfiguration } from './install.ts'

const kindsOf = (objects: readonly KubeObject[]) => objects.map(({ kind }) => kind).sort()

/** Returns a fake cluster that gives these answers, and the list of objects it was asked to delete. */
function clusterThat(answers: (kind: string, verb: 'apply' | 'delete') => number) {
  const deleted: KubeObject[] = []
  const answer = (object: KubeObject, verb: 'apply' | 'delete') => {
    const status = answers(object.kind, verb)
    if (status === 0) throw new Error('socket hang up')
    return { status, body: { message: 'no' }, warnings: [] }
  }
  const cluster: Pick<Cluster, 'apply' | 'delete' | 'list'> = {
    list: async () => [],
    apply: async (object) => answer(object, 'apply') as unknown as ReturnType<Cluster['apply']>,
    delete: async (object) => {
      deleted.push(object)
      return answer(object, 'delete') as unknown as ReturnType<Cluster['delete']>
    },
  }
  return { cluster: cluster as Cluster, deleted }
}

t.test(
  'an uninstall tries to delete every object, and lists those that it couldn’t delete',
  async (t) => {
    const { cluster, deleted } = clusterThat((kind) => {
      if (kind === webhookConfiguration().kind) return 403
      return kind === 'Service' ? 0 : 404
    })
    await t.rejects(
      uninstall(cluster),
      /could not be deleted .* delete them yourself:\nMutatingWebhookConfiguration zz-akv-injector: 403 no\nService .*: Error: socket hang up$/,
    )
    t.strictSame(kindsOf(deleted), kindsOf(installObjects()))
  },
)

t.test('an install that is refused deletes the objects that it created', async (t) => {
  const { cluster, deleted } = clusterThat((kind, verb) =>
    verb === 'apply' && kind === 'Deployment' ? 403 : 200,
  )
  await t.rejects(install(cluster), /no/)
  t.strictSame(kindsOf(deleted), kindsOf(installObjects()))
})
