import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  terminationMessage,
  writeTerminationMessage,
} from '../../init-agent/termination-message.ts'
import { AkvError } from '../../keyvault/errors.ts'

const error = (message: string) => new AkvError({ code: 'AKV_FORBIDDEN', message })

t.test('it holds the code, what happened and what to do', async (t) => {
  const text = terminationMessage(error('secret team-a:db: no'))
  t.match(text, /^AKV_FORBIDDEN: secret team-a:db: no\. Give the identity the role/)
})

t.test('what to do survives a message of any length, in whole characters', async (t) => {
  for (const piece of ['x', 'é', '🔑'])
    for (const shift of ['', 'a', 'ab', 'abc']) {
      const text = terminationMessage(error(shift + piece.repeat(5000)))
      t.ok(Buffer.byteLength(text) <= 4096)
      t.notMatch(text, /\uFFFD/)
      t.match(text, /… Give the identity the role .*\.$/)
    }
})

t.test('outside a pod there may be no file for it', async (t) => {
  const folder = t.testdir({})
  t.equal(writeTerminationMessage(join(folder, 'log'), error('x')), true)
  t.match(readFileSync(join(folder, 'log'), 'utf8'), /^AKV_FORBIDDEN/)
  t.equal(writeTerminationMessage(join(folder, 'none', 'log'), error('x')), false)
})
