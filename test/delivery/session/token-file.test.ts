import { join } from 'node:path'
import t from 'tap'
import { readTokenFile } from '../../../delivery/session/token-file.ts'

t.test('the token is the current content of the file', async (t) => {
  const folder = t.testdir({ token: 'a.b.c\n', empty: ' \n' })
  t.equal(readTokenFile(join(folder, 'token')), 'a.b.c')
  t.throws(() => readTokenFile(join(folder, 'empty')), {
    code: 'AKV_TOKEN_FILE',
    message: /is empty/,
  })
  t.throws(() => readTokenFile(join(folder, 'none')), { code: 'AKV_TOKEN_FILE', message: /ENOENT/ })
  t.throws(() => readTokenFile(folder), { code: 'AKV_TOKEN_FILE', message: /EISDIR/ })
})
