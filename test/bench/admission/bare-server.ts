import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fastify } from 'fastify'

// Runs as a process, for comparison: Fastify over TLS that parses a review and answers with a fixed patch.

const [, , tlsDir = ''] = process.argv

async function startBareServer(): Promise<number> {
  const read = (name: string) => readFileSync(join(tlsDir, name), 'utf8')
  const app = fastify({
    https: { cert: read('tls.crt'), key: read('tls.key'), minVersion: 'TLSv1.2' },
    bodyLimit: 8 * 1024 * 1024,
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, JSON.parse(String(body))),
  )
  const volume = { name: 'akv-injector-files', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } }
  app.post<{ Body: { request: { uid: string } } }>('/mutate', (request, reply) => {
    const operations = [{ op: 'add', path: '/spec/volumes/-', value: volume }]
    const response = {
      uid: request.body.request.uid,
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
    }
    return reply
      .type('application/json')
      .send(
        JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }),
      )
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

process.send?.({ port: await startBareServer() })
// The bench has ended, perhaps by an error.
process.on('disconnect', () => process.exit())
