import t from 'tap'
import { askOneFirst } from '../../../keyvault/readers/ask-one-first.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { secretAnswer } from '../../init-agent/harness/secret-answer.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'
import { secret } from '../emulated-vault.ts'

const settle = () => new Promise(setImmediate)
const failure = (code: AkvErrorCode, retryAfterMs?: number) =>
  new AkvError(code, 'x', { retryAfterMs })

/** Reads `a` to `d` of one vault, and `e` of another. `requests` are those that were sent and have no answer yet. */
function readAll({ wasDown = false } = {}) {
  const requests = new Map<string, PromiseWithResolvers<ReturnType<typeof secretAnswer>>>()
  const sent: string[] = []
  const { reader, isServed } = askOneFirst(
    {
      read({ name }) {
        const answer = Promise.withResolvers<ReturnType<typeof secretAnswer>>()
        requests.set(name, answer)
        sent.push(name)
        return answer.promise
      },
      listVersions: async () => [],
      secretPages: () => secretPagesOf(),
    },
    { wasDown: () => wasDown },
  )
  const ends = ['a', 'b', 'c', 'd', 'e'].map((name) =>
    reader
      .read({ ...secret(name), vault: name === 'e' ? 'team-b' : 'team-a' })
      .catch((error: AkvError) => error),
  )
  const answer = async (name: string, error?: AkvError) => {
    if (error) requests.get(name)?.reject(error)
    else requests.get(name)?.resolve(secretAnswer('x'))
    await settle()
  }
  return { sent, answer, ends, isServed }
}

t.test(
  'the first request to each vault goes alone, and the others follow its success',
  async (t) => {
    const { sent, answer, ends, isServed } = readAll()
    await settle()
    t.strictSame(sent, ['a', 'e'])
    t.notOk(isServed('team-a'))
    await answer('a')
    t.strictSame(sent, ['a', 'e', 'b', 'c', 'd'])
    t.ok(isServed('team-a'))
    for (const name of sent) await answer(name)
    await Promise.all(ends)
  },
)

t.test('a vault that serves neither of two objects gets no other request', async (t) => {
  for (const code of ['AKV_NETWORK', 'AKV_VAULT_UNAVAILABLE', 'AKV_BAD_ANSWER'] as const) {
    const { sent, answer, ends, isServed } = readAll()
    await settle()
    await answer('a', failure(code))
    t.strictSame(sent, ['a', 'e', 'b'])
    await answer('b', failure(code))
    await answer('e')
    const [, , third] = await Promise.all(ends)
    t.strictSame(sent, ['a', 'e', 'b'])
    t.match(third, {
      code,
      message: 'secret team-a:c: not requested, because vault team-a served no other object',
    })
    t.notOk(isServed('team-a'))
    t.ok(isServed('team-b'))
  }
})

t.test('one request per vault finds out whether an outage continues', async (t) => {
  const { sent, answer, ends } = readAll({ wasDown: true })
  await settle()
  await answer('a', failure('AKV_VAULT_UNAVAILABLE'))
  await answer('e')
  await Promise.all(ends)
  t.strictSame(sent, ['a', 'e'])
})

t.test('a pause concerns the whole vault, so one request finds out about it', async (t) => {
  for (const error of [
    failure('AKV_THROTTLED', 7),
    failure('AKV_THROTTLED'),
    failure('AKV_VAULT_UNAVAILABLE', 7),
  ]) {
    const { sent, answer, ends } = readAll()
    await settle()
    await answer('a', error)
    await answer('e')
    const [, second] = await Promise.all(ends)
    t.strictSame(sent, ['a', 'e'])
    t.match(second, { code: error.code, retryAfterMs: error.retryAfterMs })
  }
})

t.test('a failure of the one object holds nothing up', async (t) => {
  const codes = ['AKV_OBJECT_NOT_FOUND', 'AKV_FORBIDDEN', 'AKV_UNAUTHORIZED'] as const
  for (const code of codes) {
    const { sent, answer, ends } = readAll()
    await settle()
    await answer('a', failure(code))
    t.equal(sent.length, 5)
    for (const name of sent) await answer(name)
    t.match((await Promise.all(ends))[0], { code })
  }
})

t.test('an object that fails alone in a serving vault holds nothing up', async (t) => {
  const { sent, answer, ends, isServed } = readAll()
  await settle()
  await answer('a', failure('AKV_VAULT_UNAVAILABLE'))
  await answer('b')
  t.strictSame(sent, ['a', 'e', 'b', 'c', 'd'])
  await answer('c', failure('AKV_NETWORK'))
  t.ok(isServed('team-a'))
  for (const name of ['d', 'e']) await answer(name)
  t.match(await Promise.all(ends), [
    { code: 'AKV_VAULT_UNAVAILABLE' },
    { value: 'x' },
    { code: 'AKV_NETWORK' },
  ])
})
