import t from 'tap'
import { decodeTarget, encodeTarget } from '../../../requests/secret/key-path.ts'

t.test('a target is the same after encoding and decoding', async (t) => {
  for (const [target, path] of [
    [{ secret: 'db', key: 'password' }, 'db/password'],
    [{ secret: 'db.x', key: '.dockerconfigjson' }, 'db.x/.dockerconfigjson'],
    [{ secret: 'web-tls' }, 'web-tls'],
  ] as const) {
    t.equal(encodeTarget(target), path)
    t.strictSame(decodeTarget(path), target)
  }
})
