import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AgentConfig } from '../../delivery/contract.ts'
import { currentFolder } from '../../init-agent/volume/read-file-set.ts'
import { clientId, startTestEmulator } from '../support/servers/start-test-emulator.ts'
import {
  makePod,
  objectFile,
  type Pod,
  runToEnd,
  secretFile,
  secretVariable,
  startAgent,
} from './harness/pod.ts'
import { simulatePod } from './harness/simulated-pod.ts'

const volumes = [
  { name: 'shop', class: 'shop-kv' },
  { name: 'partner', class: 'partner-kv' },
]
const partnerKey = { vault: 'partner', type: 'secret', name: 'key' } as const

/** A pod with a variable, a file of our own, and two volumes of two vaults. */
const wanted: Partial<AgentConfig> = {
  version: 2,
  volumes,
  files: [
    secretFile('db', { path: 'shop/db' }),
    secretFile('db', { volume: 'shop', mode: '0644' }),
    objectFile('secret', 'web', {
      path: 'tls/web.pem',
      volume: 'shop',
      format: 'pem',
      mode: '0644',
    }),
    { object: partnerKey, path: 'key', volume: 'partner', mode: '0644' },
  ],
  env: [secretVariable('DB', 'db')],
}

async function startTwoVaults(t: Test) {
  return await startTestEmulator(t, {
    secrets: 'db: correct horse',
    objects: 'certificates: { web: {} }',
    vaults: `partner: { readers: [${clientId}], secrets: { key: battery staple } }`,
  })
}

const read = ({ root }: Pod, path: string) => readFileSync(join(root, path), 'utf8')
const setsOf = ({ root }: Pod) =>
  ['env', 'files', 'csi/shop', 'csi/partner'].map((folder) => currentFolder(join(root, folder)))

t.test('volumes of two vaults are written beside variables and files', async (t) => {
  const emulator = await startTwoVaults(t)
  const pod = await makePod(t, emulator, wanted)
  const { code, output, lines } = await runToEnd(t, pod)
  t.equal(code, 0, output)
  t.equal(read(pod, 'csi/shop/db'), 'correct horse')
  t.match(read(pod, 'csi/shop/tls/web.pem'), /^-----BEGIN PRIVATE KEY-----/)
  t.equal(read(pod, 'csi/partner/key'), 'battery staple')
  t.equal(read(pod, 'files/shop/db'), 'correct horse')
  t.equal(read(pod, 'env/env'), "DB='correct horse'\n")
  t.equal(statSync(join(pod.root, 'csi/shop/db')).mode & 0o7777, 0o644)
  const visible = readdirSync(join(pod.root, 'csi/shop')).filter((name) => !name.startsWith('..'))
  t.strictSame(visible, ['db', 'tls'])
  t.match(
    lines.find(({ message }) => message === 'all files written'),
    { files: ['shop/db', '/shop/db', '/shop/tls/web.pem', '/partner/key'], env: ['DB'] },
  )
  const gets = emulator.requests.filter(({ path }) => path.includes('/secrets/'))
  t.equal(gets.length, 3, 'each object is fetched once')
  t.notMatch(output, /correct|battery|PRIVATE/)
})

t.test('a rotation in one vault touches only the volume of that vault', async (t) => {
  const emulator = await startTwoVaults(t)
  const pod = await makePod(t, emulator, { ...wanted, refreshSeconds: 0.05 })
  const agent = startAgent(t, pod)
  await agent.line(/all files written/)
  const before = setsOf(pod)
  emulator.rotate({ vault: 'partner', name: 'key', value: 'k2' })
  t.strictSame((await agent.line(/changed values/))['changed'], ['/partner/key'])
  t.equal(read(pod, 'csi/partner/key'), 'k2')
  t.strictSame(setsOf(pod).slice(0, 3), before.slice(0, 3))
  t.not(setsOf(pod)[3], before[3])
  agent.process.kill('SIGTERM')
  t.equal(await agent.exited, 0)
})

t.test('a restart serves complete volumes while the vaults are down', async (t) => {
  const emulator = await startTwoVaults(t)
  const pod = await makePod(t, emulator, { ...wanted, timeoutSeconds: 0 })
  t.equal((await runToEnd(t, pod)).code, 0)
  const before = setsOf(pod)
  emulator.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  const restarted = await runToEnd(t, pod)
  t.equal(restarted.code, 0, restarted.output)
  t.match(restarted.lines[0], { message: 'using the complete set left by a previous run' })
  t.strictSame(setsOf(pod), before)

  rmSync(join(pod.root, 'csi/partner/..data'))
  const incomplete = await runToEnd(t, pod)
  t.equal(incomplete.code, 1, 'with one volume incomplete, everything is fetched again')
  t.match(incomplete.termination, / 503/)
  t.strictSame(setsOf(pod).slice(0, 3), before.slice(0, 3))
})

t.test(
  'a volume of objects that don’t exist is empty, and gets them when they appear',
  async (t) => {
    const { vault, file, run } = simulatePod(t, {
      volumes,
      files: [
        secretFile('a', { volume: 'shop', optional: true }),
        secretFile('b', { volume: 'partner', optional: true }),
        secretFile('b', { path: 'partner/b' }),
      ],
    })
    vault.set('b', '1')
    await run([
      () => {
        t.throws(() => file('csi/shop/a'), { code: 'ENOENT' })
        t.ok(file('csi/partner/b'))
        vault.set('a', 'late')
      },
      () => t.equal(file('csi/shop/a'), 'late'),
    ])
  },
)

t.test('a history in a volume moves on with each version', async (t) => {
  const versions = ['1', '2', '3'].map((digit) => digit.repeat(32))
  const [first = '', second = '', third = ''] = versions
  const { vault, listed, file, run } = simulatePod(t, {
    volumes,
    files: [secretFile('a', { volume: 'shop', versions: 2 }), secretFile('a', { versions: 2 })],
  })
  for (const version of versions) vault.set(`a@${version}`, `value ${version[0]}`)
  listed.set('a', [second, first])
  const shown = (folder: string) => [file(`${folder}/a/0`), file(`${folder}/a/1`)]
  await run([
    () => {
      t.strictSame(shown('csi/shop'), ['value 2', 'value 1'])
      listed.set('a', [third, second, first])
    },
    () => t.strictSame(shown('csi/shop'), ['value 3', 'value 2']),
  ])
  t.strictSame(shown('files'), ['value 3', 'value 2'])
})

t.test('equal paths in a volume and among our own files are two files', async (t) => {
  const { vault, file, run } = simulatePod(t, {
    volumes,
    onDeleted: 'remove',
    files: [
      secretFile('own', { path: 'shop/x' }),
      secretFile('json', { path: 'shop/all', property: '*' }),
      secretFile('served', { path: 'x', volume: 'shop' }),
      secretFile('other', { path: 'shop/x', volume: 'partner' }),
      secretFile('more', { path: 'all', volume: 'shop', property: '*' }),
    ],
    templates: [{ path: 'partner/x', segments: ['template'] }],
  })
  vault.set('own', '1').set('served', '2').set('other', '3')
  vault.set('json', '{"a":"4"}').set('more', '{"b":"5"}')
  await run([
    () => {
      t.equal(file('files/shop/x'), '1')
      t.equal(file('csi/shop/x'), '2')
      t.equal(file('csi/partner/shop/x'), '3')
      t.equal(file('files/partner/x'), 'template')
      vault.set('own', 'AKV_OBJECT_NOT_FOUND').set('json', 'AKV_NETWORK').set('more', '{"c":"6"}')
    },
    () => {
      t.throws(() => file('files/shop/x'), { code: 'ENOENT' })
      t.equal(file('csi/shop/x'), '2')
      t.equal(file('csi/partner/shop/x'), '3')
      t.equal(file('files/shop/all/a'), '4')
      t.throws(() => file('files/shop/all/b'), { code: 'ENOENT' })
      t.equal(file('csi/shop/all/c'), '6')
      t.throws(() => file('csi/shop/all/b'), { code: 'ENOENT' })
    },
  ])
})
