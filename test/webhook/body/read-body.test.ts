import { PassThrough } from 'node:stream'
import t from 'tap'
import { readBody } from '../../../webhook/body/read-body.ts'

type Result = readonly [Error | null, string | undefined]

/** Reads up to 100,000 bytes. */
function start(announcedBytes = 0) {
  const stream = new PassThrough()
  const result = new Promise<Result>((resolve) => {
    const options = { announcedBytes, maxBytes: 100_000 }
    readBody(stream, options, (error, body) => resolve([error, body?.toString()]))
  })
  return { stream, result }
}

t.test('a body is read to its end, whatever size was announced', async (t) => {
  const text = 'abc'.repeat(33_333)
  for (const announcedBytes of [0, 1, 99_999, 5_000_000]) {
    const { stream, result } = start(announcedBytes)
    for (let i = 0; i < text.length; i += 7_000) stream.write(text.slice(i, i + 7_000))
    stream.end()
    t.strictSame(await result, [null, text])
  }
})

t.test('an empty body is a body', async (t) => {
  const { stream, result } = start()
  stream.end()
  t.strictSame(await result, [null, ''])
})

t.test('chunks are copied, not kept', async (t) => {
  const { stream, result } = start()
  stream.on('data', (chunk: Buffer) => chunk.fill('x'))
  for (let i = 0; i < 60; i++) stream.write('a')
  stream.end()
  t.strictSame(await result, [null, 'a'.repeat(60)])
})

t.test('a body beyond the limit is given up at once', async (t) => {
  const { stream, result } = start()
  stream.write(Buffer.alloc(100_000))
  stream.write('x')
  t.strictSame(await result, [null, undefined])
})

t.test('a body in many short pieces is refused, however long it is', async (t) => {
  for (const bytesBefore of [0, 1_300]) {
    const { stream, result } = start()
    for (let i = 0; i < 50; i++) if (bytesBefore > 0) stream.write(Buffer.alloc(bytesBefore))
    for (let i = 0; i < 90; i++) stream.write('x')
    t.match(await result, [{ message: /expected a body in pieces of about 1 KiB/ }, undefined])
  }
})

t.test('a body in pieces as Go writes them is read', async (t) => {
  const { stream, result } = start()
  for (let i = 0; i < 82; i++) stream.write(Buffer.alloc(1_208))
  stream.end()
  const [error, body] = await result
  t.equal(error, null)
  t.equal(body?.length, 82 * 1_208)
})

t.test('a body that breaks off is an error', async (t) => {
  const { stream, result } = start()
  stream.write('x')
  stream.destroy(new Error('aborted'))
  t.match(await result, [{ message: 'aborted' }, undefined])
})
