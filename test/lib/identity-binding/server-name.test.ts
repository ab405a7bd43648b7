import t from 'tap'
import { clusterIdIn, serverNameOf } from '../../../lib/identity-binding/server-name.ts'

/** Worked out with openssl dgst -sha256 and basenc --base32hex of the coreutils. */
const vectors = {
  '696995ccb303450001b31a18': 'aeaf29ip1hi5q38ebc3u4daum81u0unk52t5bg50j25234fmuj78g.ests.aks',
  '0123456789abcdef01234567': 'adjohu9u1dlsmhjkfb9rc27r2rl3iuv7jlrjrafk5ic3sov52hu8g.ests.aks',
  a: 'acjjg674vrbqrfmd9oombqqsfh3ljtjhdh035j2gockct6jahn1bg.ests.aks',
  '570': 'a01v7n4n7imjh3vhe13vk3rv4nvhv3cc8qkvnc5bg97ul9framebg.ests.aks',
}

t.test('the server name follows from the ID of the cluster', async (t) => {
  for (const [id, name] of Object.entries(vectors)) t.equal(serverNameOf(id), name, id)
})

t.test('the ID stands in one DNS name of the certificate', async (t) => {
  const names = ['kubernetes', 'kubernetes.default.svc.cluster.local']
  t.equal(clusterIdIn([...names, 'hcp-kubernetes.abc.svc.cluster.local']), 'abc')
  for (const other of ['hcp-kubernetes..svc.cluster.local', 'hcp-kubernetes.abc.svc', 'x'])
    t.equal(clusterIdIn([...names, other]), undefined, other)
})
