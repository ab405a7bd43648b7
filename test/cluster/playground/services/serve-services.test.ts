import t from 'tap'
import { readQuestion, typeA, writeAnswer } from './dns-message.ts'
import { addressesOf } from './serve-services.ts'

/** A query as resolvers send it: an ID, "recursion desired", one question. */
function query(name: string, type = typeA): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]))
  const header = Buffer.from([0xab, 0xcd, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])])
}

function answerTo(message: Buffer, addresses?: readonly string[]): Buffer {
  const question = readQuestion(message)
  if (!question) throw new Error('not a question')
  return writeAnswer(message, question, addresses)
}

t.test('a query is answered with all addresses', async (t) => {
  const message = query('Web.Shop.svc')
  t.match(readQuestion(message), { name: 'web.shop.svc', type: typeA })
  const answer = answerTo(message, ['10.0.0.1', '10.0.0.2'])
  t.strictSame(answer.subarray(0, 2), message.subarray(0, 2), 'the same ID')
  t.equal(answer.readUInt16BE(6), 2)
  t.strictSame([...answer.subarray(-4)], [10, 0, 0, 2])
  t.strictSame(answer.subarray(12, message.length), message.subarray(12), 'the question')
})

t.test('a name that doesn’t exist differs from one without addresses of this type', async (t) => {
  const codeOf = (answer: Buffer) => (answer[3] ?? 0) & 15
  t.equal(codeOf(answerTo(query('a'))), 3)
  const ipv6 = answerTo(query('a', 28), ['10.0.0.1'])
  t.equal(codeOf(ipv6), 0)
  t.equal(ipv6.readUInt16BE(6), 0)
})

t.test('an answer fits into 512 bytes', async (t) => {
  const name = Array.from({ length: 4 }, () => 'a'.repeat(60)).join('.')
  const addresses = Array.from({ length: 200 }, (_, index) => `10.0.0.${index}`)
  t.ok(answerTo(query(name), addresses).length <= 512)
})

t.test('bytes that aren’t a query are ignored', async (t) => {
  const valid = query('web.shop')
  for (let length = 0; length < valid.length; length += 1)
    t.equal(readQuestion(valid.subarray(0, length)), undefined, `${length} bytes`)
  t.equal(readQuestion(answerTo(valid, [])), undefined, 'an answer')
  const pointer = Buffer.from(valid)
  pointer[12] = 0xc0
  t.equal(readQuestion(pointer), undefined, 'a compressed name')
})

t.test('Services have the names that they have in every cluster', async (t) => {
  const entry = { ports: [], addresses: ['198.18.0.7'] }
  const services = [
    { ...entry, dnsName: 'web.shop.svc.cluster.local', clusterIp: '198.19.0.9' },
    { ...entry, dnsName: 'headless.shop.svc.cluster.local' },
  ]
  t.strictSame(addressesOf(services, 'web.shop.svc.cluster.local'), ['198.19.0.9'])
  t.strictSame(addressesOf(services, 'headless.shop.svc.cluster.local'), ['198.18.0.7'])
  for (const inner of ['cluster.local', 'svc.cluster.local', 'shop.svc.cluster.local'])
    t.strictSame(addressesOf(services, inner), [], inner)
  for (const absent of ['', 'web', 'eb.shop.svc.cluster.local', 'example.com'])
    t.equal(addressesOf(services, absent), undefined, absent)
})
