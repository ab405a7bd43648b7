import t from 'tap'
import { parseListenAddress } from '../../../lib/server/listen-address.ts'

t.test('a listen address is a host and a port', async (t) => {
  const addresses = {
    '0.0.0.0:8443': { host: '0.0.0.0', port: 8443 },
    '[::1]:0': { host: '::1', port: 0 },
    'localhost:1': { host: '127.0.0.1', port: 1 },
    'node-1.example:65535': { host: 'node-1.example', port: 65535 },
  }
  for (const [text, address] of Object.entries(addresses))
    t.strictSame(parseListenAddress(text), address, text)
})

t.test('anything else is refused', async (t) => {
  const hostile = ['', '8443', ':1', 'a:b', 'a:65536', '::1:80', 'a:1 ', 'http://a:1', '[x]:1']
  for (const text of [...hostile, `${'a'.repeat(258)}:1`])
    t.equal(parseListenAddress(text), undefined, text)
})
