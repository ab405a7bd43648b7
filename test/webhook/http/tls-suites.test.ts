import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCiphers } from 'node:tls'
import t from 'tap'
import { serve } from './running-webhook.ts'
import { openSocket } from './serving.ts'

const suites = getCiphers().map((name) => name.toUpperCase())
const isModern = (name: string) => /^ECDHE-(?:RSA|ECDSA)-.*(?:GCM|CHACHA20)/.test(name)

for (const kind of ['EC', 'RSA'] as const)
  t.test(
    `with a certificate of type ${kind}, TLS 1.2 has no CBC, no SHA-1, and forward secrecy`,
    async (t) => {
      const { caller, tls } = await serve(t, { empty: true })
      const pair = selfSigned(t.testdir(), kind)
      await tls.write(pair)
      const { port } = caller
      const offer = (ciphers: string, sigalgs?: string) =>
        openSocket(
          { port, ca: pair.certificatePem },
          { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0`, ...(sigalgs && { sigalgs }) },
        )
      // The certificate is found by polling.
      await t.resolves(retry(() => offer('DEFAULT').then((socket) => void socket.destroy())))

      let refused = 0
      let accepted = 0
      for (const name of suites) {
        if (name.startsWith('TLS_') || /PSK|SRP|ANON|^ADH|^AECDH|NULL/.test(name)) continue
        if (isModern(name) && name.includes(kind === 'EC' ? 'ECDSA' : 'RSA')) {
          const socket = await offer(name)
          t.equal(socket.getCipher().name, name)
          socket.destroy()
          accepted++
        } else {
          await t.rejects(offer(name), name)
          refused++
        }
      }
      t.ok(refused >= 15, `${refused} suites refused`)
      t.ok(accepted >= 3, `${accepted} suites accepted`)
      await t.rejects(offer('DEFAULT', `${kind === 'EC' ? 'ECDSA' : 'RSA'}+SHA1`), 'SHA-1')
      const modern = await openSocket({ port, ca: pair.certificatePem }, { minVersion: 'TLSv1.3' })
      t.equal(modern.getProtocol(), 'TLSv1.3')
      modern.destroy()
    },
  )

async function retry(attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await attempt()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

function selfSigned(folder: string, kind: 'EC' | 'RSA') {
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  const algorithm = kind === 'EC' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048']
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      ...algorithm,
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
    ],
    { stdio: 'ignore' },
  )
  const read = (path: string) => readFileSync(path, 'utf8')
  return { certificatePem: read(cert), keyPem: read(key) }
}
