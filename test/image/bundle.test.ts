import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makePod, secretFile, startAgent } from '../init-agent/harness/pod.ts'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { copyBundle } from '../support/start-fast/copy-bundle.ts'

const folder = t.testdir()
await copyBundle(folder)
const program = join(folder, 'main.js')

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
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
