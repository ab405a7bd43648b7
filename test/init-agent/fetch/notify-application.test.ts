import { createServer, get, type RequestListener, setGlobalProxyFromEnv } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { notifyApplication } from '../../../init-agent/fetch/notify-application.ts'
import { fakeClock } from '../../support/fake-clock.ts'

async function application(t: Test, answer: RequestListener) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/reload?a=b`, asked }
}

const send = (url: string, { isRepeated = false } = {}) =>
  notifyApplication(url, {
    clock: fakeClock({}),
    signal: new AbortController().signal,
    isRepeated,
  })

t.test('the application gets one POST', async (t) => {
  const { url, asked } = await application(t, (_request, response) => response.writeHead(204).end())
  t.equal(await send(url), undefined)
  t.strictSame(asked, ['POST /reload?a=b'])
})

t.test('an application that is restarting is notified again', async (t) => {
  let count = 0
  const { url, asked } = await application(t, (_request, response) => {
    response.writeHead(++count < 3 ? 503 : 200).end('x'.repeat(100_000))
  })
  t.equal(await send(url), undefined)
  t.equal(asked.length, 3)
})

t.test('after three tries the error says why', async (t) => {
  const refusing = await application(t, (_request, response) => response.writeHead(404).end())
  t.match(await send(refusing.url), { code: 'AKV_NOTIFY_FAILED', message: 'HTTP 404' })
  t.equal(refusing.asked.length, 3)
  const cutting = await application(t, (_request, response) => response.destroy())
  t.match(await send(cutting.url), { code: 'AKV_NOTIFY_FAILED', message: 'ECONNRESET' })
})

t.test('a repeated notification has one try', async (t) => {
  const { url, asked } = await application(t, (_request, response) => response.writeHead(503).end())
  t.match(await send(url, { isRepeated: true }), { code: 'AKV_NOTIFY_FAILED' })
  t.equal(asked.length, 1)
})

t.test('a redirect is a failure, and isn’t followed', async (t) => {
  const target = await application(t, (_request, response) => response.end())
  const { url } = await application(t, (_request, response) => {
    response.writeHead(307, { location: target.url }).end()
  })
  t.match(await send(url), { code: 'AKV_NOTIFY_FAILED' })
  t.strictSame(target.asked, [])
})

t.test('the notification never goes through the proxy of the environment', async (t) => {
  const proxy = await application(t, (_request, response) => response.end())
  t.teardown(setGlobalProxyFromEnv({ http_proxy: new URL(proxy.url).origin }))
  const { url, asked } = await application(t, (_request, response) => response.end())
  await new Promise((resolve) => get(url, (response) => resolve(response.destroy())))
  t.strictSame(proxy.asked.splice(0), [`GET ${url}`], 'other requests do')
  t.equal(await send(url), undefined)
  t.strictSame(proxy.asked, [])
  t.strictSame(asked, ['POST /reload?a=b'])
})

t.test('an abort ends the retries', async (t) => {
  const stop = new AbortController()
  const { url, asked } = await application(t, () => stop.abort())
  await notifyApplication(url, { clock: fakeClock({}), signal: stop.signal, isRepeated: false })
  t.equal(asked.length, 1)
})
