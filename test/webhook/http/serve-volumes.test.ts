import { once } from 'node:events'
import t from 'tap'
import { createLookUp, type LookUp } from '../../../webhook/api-server/look-up.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { createMetrics } from '../../../webhook/http/server/metrics.ts'
import { buildWebhookApp } from '../../../webhook/http/webhook-app.ts'
import { startHttpsServer } from '../../support/servers/start-https-server.ts'
import { csiPod, exampleClass, lookedUp } from '../core/csi/example.ts'
import { policy } from '../core/policy.ts'
import { exampleReview } from './review.ts'
import { serve, until } from './running-webhook.ts'
import { post } from './serving.ts'

const csiReview = () => {
  const review = exampleReview()
  return { ...review, request: { ...review.request, object: csiPod() } }
}

function testApp(lookUp?: LookUp) {
  const lines: string[] = []
  const app = buildWebhookApp({
    decide: (request, lookedUp) => mutate(request, policy, lookedUp),
    ...(lookUp && { lookUp }),
    metrics: createMetrics(),
    log: { level: 'info', stream: { write: (line) => void lines.push(line) } },
  })
  const review = async (url: string, payload: object = csiReview()) =>
    (await app.inject({ method: 'POST', url, payload })).json().response
  return { app, review, log: () => lines.map((line) => JSON.parse(line)) }
}

t.test('volumes are served at /mutate/csi only', async (t) => {
  const { review, log } = testApp(async () => lookedUp({ 'azure-kv': exampleClass() }))
  const served = await review('/mutate/csi?timeout=5s')
  t.match(served, { allowed: true, patchType: 'JSONPatch' })
  t.match(JSON.parse(Buffer.from(served.patch, 'base64').toString()), [
    { op: 'add', path: '/metadata/labels' },
    { op: 'remove', path: '/spec/volumes/0/csi' },
  ])
  t.strictSame(await review('/mutate'), { uid: served.uid, allowed: true })
  t.match(log(), [
    { outcome: 'injected', classes: ['azure-kv'] },
    { outcome: 'skipped', reason: 'not-annotated', classes: undefined },
  ])
})

t.test('an annotated pod has the same answer at both paths', async (t) => {
  const { review } = testApp(async () => ({ classes: new Map() }))
  t.strictSame(
    await review('/mutate/csi', exampleReview()),
    await review('/mutate', exampleReview()),
  )
})

t.test(
  'a webhook that may not read classes denies pods that need one, and no others',
  async (t) => {
    const { review } = testApp()
    t.match(await review('/mutate/csi'), {
      allowed: false,
      status: { message: /azure-kv: cannot be read: AKV_INJECTOR_CSI is none in this webhook/ },
    })
    t.match(await review('/mutate/csi', exampleReview()), { allowed: true })
  },
)

t.test('/mutate/csi answers anything but a review as /mutate does', async (t) => {
  const { app } = testApp()
  const answer = async (url: string, options: object) => {
    const { statusCode, body, headers } = await app.inject({ method: 'POST', url, ...options })
    return { statusCode, body: body.replaceAll('/mutate/csi', '/mutate'), allow: headers['allow'] }
  }
  for (const options of [
    { payload: {} },
    { payload: 'x', headers: { 'content-type': 'text/plain' } },
    { payload: '{', headers: { 'content-type': 'application/json' } },
    { method: 'GET' },
  ])
    t.strictSame(await answer('/mutate/csi', options), await answer('/mutate', options))
})

t.test('a look-up that fails by a defect denies the pod and doesn’t end the process', async (t) => {
  const { review } = testApp(() => Promise.reject(new Error('defect')))
  t.match(await review('/mutate/csi'), { allowed: false, status: { code: 500 } })
})

const accessTo = ({ url, caPem }: { readonly url: string; readonly caPem: string }) => ({
  host: 'localhost',
  port: Number(new URL(url).port),
  readCredentials: async () => ({ token: 'x', ca: caPem }),
})

t.test('the webhook reads classes from the API server', async (t) => {
  const apiServer = await startHttpsServer(t, ({ url }, response) => {
    const isClass =
      url === '/apis/secrets-store.csi.x-k8s.io/v1/namespaces/shop/secretproviderclasses/azure-kv'
    response.writeHead(isClass ? 200 : 404).end(JSON.stringify(isClass ? exampleClass() : {}))
  })
  const { caller, health } = await serve(t, {
    apiAccess: accessTo(apiServer),
  })
  let tries = 0
  let body: string
  do {
    const answer = await post({ ...caller, path: '/mutate/csi' }, JSON.stringify(csiReview()))
    body = answer.body
    tries += 1
    // Both servers are in this process, and a busy machine can use up the two seconds.
  } while (body.includes('did not answer within 2 s'))
  t.match(JSON.parse(body).response, { allowed: true, patchType: 'JSONPatch' })
  const metrics = await (await fetch(`${health}/metrics`)).text()
  t.match(metrics, 'akv_injector_class_lookups_total{result="found"} 1')
  t.match(metrics, `akv_injector_class_lookups_total{result="failed"} ${tries - 1}`)
})

t.test('the webhook gives up an API server that never answers', async (t) => {
  const apiServer = await startHttpsServer(t, () => undefined)
  const { caller } = await serve(t, {
    apiAccess: accessTo(apiServer),
  })
  const { body } = await post({ ...caller, path: '/mutate/csi' }, JSON.stringify(csiReview()))
  t.match(JSON.parse(body).response, {
    allowed: false,
    status: { message: /did not answer within 2 s; try again/ },
  })
})

t.test(
  'while the API server hangs, pods that need no class are reviewed, and others are denied',
  async (t) => {
    const asked: string[] = []
    const timers: (() => void)[] = []
    const { review } = testApp(
      createLookUp({
        get: async ({ path }, signal) => {
          asked.push(path)
          await once(signal, 'abort')
          return { lookup: { kind: 'failed', reason: 'aborted' }, bytes: 0 }
        },
        countLookup: () => undefined,
        elapsedMs: () => 0,
        callAfter: (ms, end) => {
          t.equal(ms, 2_000)
          timers.push(end)
          return () => undefined
        },
      }),
    )
    const waiting = Array.from({ length: 40 }, () => review('/mutate/csi'))
    await until(() => timers.length === 40)
    for (const path of ['/mutate', '/mutate/csi'])
      t.match(await review(path, exampleReview()), { allowed: true, patchType: 'JSONPatch' }, path)
    t.equal(asked.length, 1, 'the reviews share a request')
    for (const end of timers) end()
    for (const response of await Promise.all(waiting))
      t.match(response, {
        allowed: false,
        status: { message: /did not answer within 2 s; try again/ },
      })
  },
)
