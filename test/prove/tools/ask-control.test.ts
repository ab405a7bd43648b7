import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { askControl } from '../../../prove/tools/ask-control.ts'

const abort = new AbortController().signal
const none = { status: undefined, body: undefined }

/** Serves this answer in chunks, without saying how long it is, and counts the chunks. */
async function serve(t: Test, chunks: Iterable<string>) {
  const served = { chunks: 0, url: '' }
  const server = createServer(async (_, response) => {
    for (const chunk of chunks) {
      if (response.destroyed) break
      served.chunks += 1
      if (!response.write(chunk))
        await new Promise<void>((resolve) => {
          response.once('drain', resolve)
          response.once('close', resolve)
        })
    }
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return served
}

t.test('an answer is read to its end, in whatever parts it comes', async (t) => {
  const { url } = await serve(t, ['{"vaults":', '["ä"]', '}'])
  t.strictSame(await askControl(url, { path: '/names' }, abort), {
    status: 200,
    body: { vaults: ['ä'] },
  })
})

t.test('an answer that doesn’t end is given up after 8 MiB', async (t) => {
  const chunk = 'x'.repeat(1024 * 1024)
  const served = await serve(
    t,
    (function* () {
      for (;;) yield chunk
    })(),
  )
  t.strictSame(await askControl(served.url, { path: '/names' }, abort), none)
  t.ok(served.chunks >= 9, `${served.chunks} MiB were sent`)
})

t.test('nothing listens there, or nobody waits any longer', async (t) => {
  t.strictSame(await askControl(undefined, { path: '/names' }, abort), none)
  t.strictSame(await askControl('http://127.0.0.1:1', { path: '/names' }, abort), none)
  const { url } = await serve(t, ['{}'])
  t.strictSame(await askControl(url, { path: '/names' }, AbortSignal.abort()), none)
})
