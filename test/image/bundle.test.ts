import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makePod, secretFile, startAgent } from '../init-agent/harness/pod.ts'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { copyBundle } from '../support/start-fast/copy-bundle.ts'

const manifest = join(import.meta.dirname, '../../manifests/examples/files.yaml')
const storeWithExpression = `apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: { name: store }
spec:
  conditions: [{ namespaceRegexes: ['team-[ab]'] }]
  provider:
    azurekv:
      vaultUrl: https://team-a.vault.azure.net
      tenantId: 11111111-1111-1111-1111-111111111111
      authType: WorkloadIdentity
      serviceAccountRef: { name: web }
`

const folder = t.testdir()
await copyBundle(folder)
const program = join(folder, 'main.js')

const run = (...args: readonly string[]) => runFile(program, args)

function runFile(file: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    env: {},
  })
  return { status, stdout, stderr }
}

t.test('the command line is in it', async (t) => {
  t.match(run('--version'), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  t.match(run('agent', '--help'), { status: 0, stdout: /--root <folder>/ })
  t.match(run('agent', '--rooot', '/'), { status: 2, stderr: 'Did you mean --root?' })
})

t.test('check alone does the same as within the whole command line', async (t) => {
  const wholeLine = join(folder, 'whole-line.mjs')
  writeFileSync(
    wholeLine,
    `import { runCommandLine } from './command-line.mjs'
     process.exitCode = await runCommandLine(process.argv.slice(2))`,
  )
  const usages = [
    ['check', manifest],
    ['check', '--strict', '-o', 'sarif', manifest],
    ['check', '--help'],
    ['check'],
    ['check', '--outptu', 'json', manifest],
    ['check', '-n', 'No', manifest],
    ['check', '--set', 'x', manifest],
    ['check', 'missing.yaml'],
  ]
  for (const usage of usages)
    t.strictSame(run(...usage), runFile(wholeLine, usage), usage.join(' '))
})

t.test('the agent starts without the command line and without Node’s fetch', async (t) => {
  rmSync(join(folder, 'command-line.mjs'))
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const pod = await makePod(t, emulator, { files: [secretFile('a')] })
  const loaded = join(t.testdir(), 'loaded')
  const tellLoaded = join(t.testdir(), 'tell-loaded.cjs')
  writeFileSync(
    tellLoaded,
    `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(loaded)}, process.moduleLoadList.join('\\n')))`,
  )
  const agent = startAgent(t, { ...pod, program: ['--require', tellLoaded, program] })
  t.equal(await agent.exited, 0, agent.output())
  t.equal(readFileSync(join(pod.files, 'a'), 'utf8'), 'one')
  t.match(readFileSync(loaded, 'utf8'), /^NativeModule https$/m)
  const unneeded = [
    'internal/deps/undici',
    'internal/util/diff',
    'child_process',
    'fs/promises',
    'assert',
    'zlib',
  ]
  for (const name of unneeded)
    t.notMatch(readFileSync(loaded, 'utf8'), new RegExp(`^NativeModule ${name}`, 'm'))
})

t.test('check loads one file, and another one only to match expressions', async (t) => {
  for (const name of ['command-line.mjs', 'chunks', 'agent.js', 'wait.js'])
    rmSync(join(folder, name), { recursive: true, force: true })
  const store = join(t.testdir({ 'store.yaml': storeWithExpression }), 'store.yaml')
  t.match(run('check', store), { status: 0, stdout: 'would be used', stderr: '' })
  rmSync(join(folder, 're2js.js'))
  t.match(run('check', manifest), { status: 0, stdout: 'would be injected', stderr: '' })
  // Without the file, no expression can be matched.
  t.match(run('check', store), { status: 1, stdout: 'namespaceRegexes[0] "team-[ab]"' })
})
