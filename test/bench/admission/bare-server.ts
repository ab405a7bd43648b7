import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fastify } from 'fastify'

// Runs as a process, for comparison: Fastify over TLS that parses a review and answers what the webhook answers, which it has
// from a file.

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
  const answers: Readonly<Record<string, string>> = JSON.parse(read('answers.json'))
  app.post<{ Body: { request: { uid: string } } }>('/mutate', (request, reply) =>
    reply.type('application/json').send(answers[request.body.request.uid]),
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

process.send?.({ port: await startBareServer() })
// The bench has ended, perhaps by an error.
process.on('disconnect', () => process.exit())
