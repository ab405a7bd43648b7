import t from 'tap'
import { renewRefusedToken } from '../../../keyvault/readers/renew-refused-token.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { secretAnswer } from '../../init-agent/harness/secret-answer.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'
import { secret } from '../emulated-vault.ts'

/** A vault that accepts the tokens from `accepted` on, and answers when it is told to. */
function session(accepted: number) {
  let token = 1
  const waiting: (() => void)[] = []
  const reader = renewRefusedToken({
    signIn: {
      forget: () => {
        token += 1
      },
    },
    reader: {
      async read({ name }) {
        const sent = token
        await new Promise<void>((resolve) => waiting.push(resolve))
        if (sent >= accepted) return secretAnswer(name, {})
        throw new AkvError('AKV_UNAUTHORIZED', name)
      },
      listVersions: async () => [],
      secretPages: () => secretPagesOf(),
    },
  })
  const answer = () => {
    for (const resolve of waiting.splice(0)) resolve()
    return new Promise(setImmediate)
  }
  return { reader, answer, tokens: () => token }
}

t.test(
  'requests that were under way with the refused token are repeated with the new one',
  async (t) => {
    const { reader, answer, tokens } = session(2)
    const found = Promise.all([reader.read(secret('a')), reader.read(secret('b'))])
    await answer()
    await answer()
    t.match(await found, [{ value: 'a' }, { value: 'b' }])
    t.equal(tokens(), 2)
  },
)

t.test('a second refusal is final, also for requests that begin later', async (t) => {
  const { reader, answer, tokens } = session(3)
  const first = t.rejects(reader.read(secret('a')), { code: 'AKV_UNAUTHORIZED' })
  await answer()
  await answer()
  await first
  const later = t.rejects(reader.read(secret('b')), { code: 'AKV_UNAUTHORIZED' })
  await answer()
  await later
  t.equal(tokens(), 2)
})
