import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { shareRequests } from '../../../webhook/api-server/share-requests.ts'

/** Requests that the test answers itself, in the order in which they were sent. */
function manualRequests() {
  const sent: { key: string; signal: AbortSignal; answer: (text: string) => void }[] = []
  const ask = shareRequests(
    (key: string, signal) => {
      const { promise, resolve } = Promise.withResolvers<string>()
      signal.addEventListener('abort', () => resolve('abandoned'))
      sent.push({ key, signal, answer: resolve })
      return promise
    },
    (key) => key,
  )
  return { sent, ask }
}

const never = () => new AbortController().signal

t.test('callers that ask while a request is under way share the next one', async (t) => {
  const { sent, ask } = manualRequests()
  const first = ask('a', never())
  const others = Array.from({ length: 50 }, () => ask('a', never()))
  t.equal(sent.length, 1, 'one request at a time')
  sent[0]?.answer('old')
  t.equal(await first, 'old')
  await turn()
  t.equal(sent.length, 2)
  sent[1]?.answer('new')
  t.strictSame(new Set(await Promise.all(others)), new Set(['new']), 'none has an older answer')
  await turn()

  const later = ask('a', never())
  t.equal(sent.length, 3, 'nothing is cached')
  sent[2]?.answer('newest')
  t.equal(await later, 'newest')
})

t.test('different keys don’t wait for each other', async (t) => {
  const { sent, ask } = manualRequests()
  const answers = [ask('a', never()), ask('b', never())]
  t.strictSame(
    sent.map(({ key }) => key),
    ['a', 'b'],
  )
  for (const { key, answer } of sent) answer(key)
  t.strictSame(await Promise.all(answers), ['a', 'b'])
})

t.test('a caller that gives up gets nothing, and the others still get the answer', async (t) => {
  const { sent, ask } = manualRequests()
  void ask('a', never())
  const impatient = new AbortController()
  const [left, stayed] = [ask('a', impatient.signal), ask('a', never())]
  impatient.abort()
  t.equal(await left, undefined)
  sent[0]?.answer('old')
  await turn()
  t.equal(sent[1]?.signal.aborted, false)
  sent[1]?.answer('new')
  t.equal(await stayed, 'new')
})

t.test('a request that nobody waits for is aborted, and the next one is sent', async (t) => {
  const { sent, ask } = manualRequests()
  const impatient = new AbortController()
  const left = ask('a', impatient.signal)
  const stayed = ask('a', never())
  impatient.abort()
  t.equal(await left, undefined)
  await turn()
  t.equal(sent[0]?.signal.aborted, true)
  t.equal(sent.length, 2)
  sent[1]?.answer('new')
  t.equal(await stayed, 'new')
})

t.test('a request that everybody has left before it was sent is never sent', async (t) => {
  const { sent, ask } = manualRequests()
  const first = ask('a', never())
  const impatient = new AbortController()
  const left = ask('a', impatient.signal)
  impatient.abort()
  await left
  const newcomer = ask('a', never())
  sent[0]?.answer('old')
  await first
  await turn()
  t.equal(sent.length, 2)
  sent[1]?.answer('new')
  t.equal(await newcomer, 'new', 'who comes after that gets a request of its own')
})

t.test('a request that was answered is not aborted', async (t) => {
  const { sent, ask } = manualRequests()
  const asked = ask('a', never())
  sent[0]?.answer('new')
  await asked
  await turn()
  t.equal(sent[0]?.signal.aborted, false)
})
