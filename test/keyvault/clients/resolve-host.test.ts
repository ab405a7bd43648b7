import t from 'tap'
import { resolveHost } from '../../../keyvault/clients/resolve-host.ts'

t.test('a name is resolved to its addresses, and an unknown one to none', async (t) => {
  t.strictSame(await resolveHost('127.0.0.1'), ['127.0.0.1'])
  t.ok((await resolveHost('localhost')).some((address) => ['127.0.0.1', '::1'].includes(address)))
  t.strictSame(await resolveHost('no-such-host.invalid'), [])
})

t.test('only one name is resolved at a time, so that slow DNS keeps one thread busy', async (t) => {
  const hosts = Array.from({ length: 20 }, (_, i) => `127.0.0.${i + 1}`)
  const found = await Promise.all(hosts.map(resolveHost))
  t.strictSame(found, [['127.0.0.1'], ...hosts.slice(1).map(() => [])])
  t.strictSame(await resolveHost('127.0.0.2'), ['127.0.0.2'], 'and then the next')
})
