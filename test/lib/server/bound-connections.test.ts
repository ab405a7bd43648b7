import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { boundConnections } from '../../../lib/server/bound-connections.ts'
import { tlsFolder } from '../../webhook/http/tls-folder.ts'
import type { PromptCaller } from './prompt-caller.ts'

t.test('a caller may be faster than the report that its answer was sent', async (t) => {
  const tls = await tlsFolder(t.testdir())
  const { certificatePem, keyPem } = await tls.issue()
  const sent = new Int32Array(new SharedArrayBuffer(4))
  const wanted = 5
  let answers = 0
  const server = createServer({ cert: certificatePem, key: keyPem }, (_request, response) => {
    setImmediate(() => {
      response.end('x')
      answers++
      // This thread learns nothing before the caller has read the answer and sent its next request.
      if (answers < wanted) Atomics.wait(sent, 0, answers, 30_000)
    })
  })
  boundConnections(server, { maxConnections: 10 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())

  const { port } = server.address() as AddressInfo
  const workerData: PromptCaller = { port, ca: tls.ca, sent }
  const worker = new Worker(new URL('prompt-caller.ts', import.meta.url), { workerData })
  t.teardown(() => worker.terminate())
  const answered = new Promise<void>((resolve) =>
    server.on('request', () => {
      if (answers === wanted) resolve()
    }),
  )
  await Promise.race([answered, once(worker, 'exit')])
  t.ok(answers >= wanted, 'each request of one connection is answered')
})
