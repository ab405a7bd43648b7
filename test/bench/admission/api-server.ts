// Runs as a process: an API server that knows the bench's SecretProviderClasses.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { benchClass } from './served-reviews.ts'

const [, , tlsDir = ''] = process.argv
const read = (name: string) => readFileSync(join(tlsDir, name), 'utf8')

const server = createServer(
  { cert: read('tls.crt'), key: read('tls.key') },
  ({ url = '' }, response) => {
    const body = JSON.stringify(benchClass(url.slice(url.lastIndexOf('/') + 1)))
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  },
)
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
)
// The bench has ended, perhaps by an error.
process.on('disconnect', () => process.exit())
