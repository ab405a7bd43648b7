import t from 'tap'
import { createUnfinishedHandshakes } from '../../../lib/server/unfinished-handshakes.ts'

function start() {
  let nowMs = 0
  const unfinished = createUnfinishedHandshakes(() => nowMs)
  const pass = (ms: number) => {
    nowMs += ms
  }
  const begin = (address: string, count: number) => {
    for (let i = 0; i < count; i++) unfinished.begin(`${address} ${i}`, address)
  }
  return { ...unfinished, begin, pass }
}

t.test('an address may leave 32 handshakes unfinished in a second', async (t) => {
  const { begin, hasRoom, pass } = start()
  begin('a', 31)
  t.ok(hasRoom('a'))
  pass(500)
  begin('a ', 1)
  begin('b', 32)
  t.notOk(hasRoom('b'))
  t.ok(hasRoom('a'), 'each address has its own room')
  pass(499)
  t.notOk(hasRoom('b'))
  pass(501)
  t.ok(hasRoom('b'))
})

t.test('a handshake that is finished counts no longer', async (t) => {
  const { begin, finish, hasRoom, pass } = start()
  begin('a', 32)
  t.notOk(hasRoom('a'))
  finish('a 7')
  t.ok(hasRoom('a'))
  for (const key of ['a 7', 'a 99', 'b 1']) finish(key)
  begin('a', 1)
  t.ok(hasRoom('a'), 'a client may use its port again')
  pass(2_000)
  begin('a', 31)
  t.ok(hasRoom('a'), 'nothing is left of a second ago')
})
