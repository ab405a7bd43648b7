import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { AgentConfig } from '../../delivery/contract.ts'
import { fixture, fixtureText } from '../keyvault/formats/fixtures.ts'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { makePod, objectFile, runToEnd, secretFile, secretVariable } from './harness/pod.ts'
import { runAgentInProcess } from './harness/run-agent-in-process.ts'

const secrets = `
keystore-password: "changeit-1\\n"
json: '{"db":{"password":"correct horse"},"tls.key":"k","list":[1,2.50]}'
encoded: '//79'
`
const oldVersion = '0123456789abcdef0123456789abcdef'
const objects = `
keys: { rsa: { type: RSA-HSM, size: '2048' }, sym: { type: oct }, p384: { curve: P-384 } }
certificates:
  web: { issuer: { intermediates: 1 } }
  pem: { contentType: application/x-pem-file }
  kept: { exportable: false }
  old: { pfx: '${fixture('chain-rc2-40.pfx').toString('base64')}' }
  many: { versions: [{ version: ${oldVersion} }, {}] }
`

const password = secretFile('keystore-password').object

const openssl = (...args: readonly string[]) =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

t.test('every type is written in its form, and openssl accepts it', async (t) => {
  const emulator = await startTestEmulator(t, { secrets, objects })
  const pod = await makePod(t, emulator, {
    version: 6,
    files: [
      objectFile('tls', 'web', { path: '.' }),
      objectFile('tls', 'web', { path: 'again/web' }),
      objectFile('pfx', 'web', { path: 'web.pfx', mode: '0400' }),
      objectFile('pfx', 'pem', { path: 'pem.pfx' }),
      objectFile('pfx', 'web', { path: 'web.p12', password }),
      objectFile('pfx', 'old', { path: 'old.p12', password }),
      objectFile('cert', 'web', { path: 'web.crt' }),
      objectFile('key', 'web', { path: 'web.pub' }),
      secretFile('web', { path: 'web.pem', format: 'pem' }),
      secretFile('web', { path: 'web.b64' }),
      secretFile('old', { path: 'old.pem', format: 'pem' }),
      objectFile('key', 'rsa'),
      objectFile('key', 'p384'),
      secretFile('json', { path: 'password', property: 'db.password' }),
      secretFile('json', { path: 'conf', property: '*' }),
      secretFile('encoded', { path: 'bytes', encoding: 'base64' }),
    ],
    templates: [
      {
        path: 'app.conf',
        segments: [
          'password=',
          { ...secretFile('json'), property: 'db.password' },
          '\n',
          objectFile('cert', 'web'),
        ],
      },
    ],
    env: [
      secretVariable('PASSWORD', 'json', { property: 'db.password' }),
      { variable: 'PUBLIC', object: { vault: 'team-a', type: 'key', name: 'web' } },
      { variable: 'LEAF', object: { vault: 'team-a', type: 'cert', name: 'web' } },
    ],
  })
  const { code, output } = await runToEnd(t, pod)
  t.equal(code, 0, output)
  const path = (name: string) => join(pod.files, name)
  const text = (name: string) => readFileSync(path(name), 'utf8')

  const chain = ['-no-CApath', '-CAfile', path('ca.crt'), '-untrusted', path('tls.crt')]
  t.match(openssl('verify', ...chain, path('tls.crt')), /OK/)
  const publicKey = openssl('x509', '-in', path('tls.crt'), '-noout', '-pubkey')
  t.equal(openssl('pkey', '-in', path('tls.key'), '-pubout'), publicKey)
  t.equal(text('web.pub'), publicKey)
  t.equal(text('web.crt'), openssl('x509', '-in', path('tls.crt')))
  for (const name of ['tls.crt', 'tls.key', 'ca.crt'])
    t.equal(text(`again/web/${name}`), text(name))
  t.equal(text('web.pem'), text('tls.key') + text('tls.crt') + text('ca.crt'))
  for (const name of ['web.pfx', 'pem.pfx']) {
    const read = openssl('pkcs12', '-in', path(name), '-passin', 'pass:', '-nodes')
    t.match(read, /BEGIN PRIVATE KEY/, name)
  }
  for (const [name, same] of [
    ['web.p12', text('tls.key')],
    ['old.p12', fixtureText('leaf.key')],
  ] as const) {
    const read = openssl('pkcs12', '-in', path(name), '-passin', 'pass:changeit-1', '-nodes')
    t.match(read, same, name)
    t.throws(() => openssl('pkcs12', '-in', path(name), '-passin', 'pass:', '-nodes'))
  }
  t.equal(readFileSync(path('web.pfx')).toString('base64'), text('web.b64'))
  t.equal(statSync(path('web.pfx')).mode & 0o777, 0o400)
  t.equal(
    text('old.pem'),
    ['leaf.key', 'leaf.crt', 'intermediate.crt', 'root.crt'].map(fixtureText).join(''),
  )
  t.match(openssl('pkey', '-pubin', '-in', path('rsa'), '-noout', '-text'), /2048 bit/)
  t.match(openssl('pkey', '-pubin', '-in', path('p384'), '-noout', '-text'), /P-384/)
  t.equal(text('password'), 'correct horse')
  t.equal(text('conf/db'), '{"password":"correct horse"}')
  t.equal(text('conf/tls.key'), 'k')
  t.equal(text('conf/list'), '[1,2.50]')
  t.strictSame(readFileSync(path('bytes')), Buffer.from([0xff, 0xfe, 0xfd]))
  t.equal(text('app.conf'), `password=correct horse\n${text('web.crt')}`)
  t.equal(
    readFileSync(join(pod.env, 'env'), 'utf8'),
    `PASSWORD='correct horse'\nPUBLIC='${publicKey}'\nLEAF='${text('web.crt')}'\n`,
  )

  const gets = emulator.requests.map(({ path }) => path).filter((path) => path.includes('team-a'))
  t.strictSame(new Set(gets).size, gets.length, 'nothing is fetched twice')
  t.equal(gets.length, 10)
  t.notMatch(output, /correct horse|PRIVATE|changeit/)
})

t.test('a history has its versions, newest first', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: v0', objects })
  for (const value of ['v1', 'v2', 'v3']) emulator.rotate({ vault: 'team-a', name: 'a', value })
  const pinned = { ...secretFile('many').object, version: oldVersion }
  const pod = await makePod(t, emulator, {
    files: [
      secretFile('a', { versions: 2 }),
      secretFile('a', { path: 'now' }),
      objectFile('cert', 'many', { path: 'certs', versions: 5 }),
      objectFile('key', 'many', { path: 'keys', versions: 2 }),
      { path: 'from', object: pinned, versions: 3, format: 'pem' },
    ],
  })
  const { code, output } = await runAgentInProcess(pod)
  t.equal(code, 0, output)
  const text = (name: string) => readFileSync(join(pod.files, name), 'utf8')
  t.strictSame([text('a/0'), text('now')], ['v3', 'v3'], 'though all are of one second')
  t.match(text('a/1'), /^v[012]$/)
  t.notOk(existsSync(join(pod.files, 'a/2')))
  for (const index of [0, 1])
    t.equal(
      openssl('x509', '-in', join(pod.files, `certs/${index}`), '-noout', '-pubkey'),
      text(`keys/${index}`),
    )
  t.notOk(existsSync(join(pod.files, 'certs/2')))
  t.match(text('from/0'), text('certs/1').trim())
  t.notOk(existsSync(join(pod.files, 'from/1')))
})

t.test(
  'a value that can’t be made into files has its error code, and nothing is written',
  async (t) => {
    const emulator = await startTestEmulator(t, {
      secrets: `${secrets}text: plain\nslash: '{"a/b":"hunter2"}'`,
      objects,
    })
    const cases: readonly [string, RegExp, Partial<AgentConfig>][] = [
      ['AKV_KEY_NOT_EXPORTABLE', /"exportable": true/, { files: [objectFile('tls', 'kept')] }],
      ['AKV_KEY_TYPE', /type oct/, { files: [objectFile('key', 'sym')] }],
      ['AKV_CERTIFICATE', /content type/, { files: [objectFile('tls', 'text')] }],
      ['AKV_PROPERTY', /not JSON/, { files: [secretFile('text', { property: 'a' })] }],
      [
        'AKV_PROPERTY_ABSENT',
        /"db".*"user"/,
        { env: [secretVariable('A', 'json', { property: 'db.user' })] },
      ],
      [
        'AKV_PROPERTY',
        /number 1 can't be a file name: it contains a slash/,
        { files: [secretFile('slash', { property: '*' })] },
      ],
      [
        'AKV_ENCODING',
        /base64/,
        { templates: [{ path: 'x', segments: [{ ...secretFile('json'), encoding: 'base64' }] }] },
      ],
      [
        'AKV_OBJECT_NOT_FOUND',
        /@f+/,
        {
          files: [
            {
              path: 'a',
              versions: 2,
              object: { ...secretFile('many').object, version: 'f'.repeat(32) },
            },
          ],
        },
      ],
    ]
    for (const [code, message, config] of cases) {
      const pod = await makePod(t, emulator, config)
      const { code: exitCode, termination, output } = await runAgentInProcess(pod)
      t.equal(exitCode, 1, output)
      t.ok(termination.startsWith(`${code}: `), `${code}: ${termination}`)
      t.match(termination, message)
      t.notMatch(output + termination, /hunter2|correct horse/)
      t.notOk(existsSync(join(pod.files, '..data')))
    }
  },
)

t.test(
  'the pod starts with a complete set from a previous run while the vault is down',
  async (t) => {
    const emulator = await startTestEmulator(t, { secrets, objects })
    const { object } = secretFile('json')
    const pod = await makePod(t, emulator, {
      files: [
        objectFile('tls', 'web'),
        { path: 'conf', object, property: '*' },
        secretFile('encoded', { versions: 3 }),
      ],
      templates: [{ path: 'app.conf', segments: [objectFile('key', 'web')] }],
    })
    t.equal((await runAgentInProcess(pod)).code, 0)
    emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
    const { code, lines } = await runAgentInProcess(pod)
    t.equal(code, 0)
    t.match(lines[0], { message: 'using the complete set left by a previous run' })
    t.ok(existsSync(join(pod.files, 'web/tls.key')))
    t.ok(existsSync(join(pod.files, 'encoded/0')))
  },
)
