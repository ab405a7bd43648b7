import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makePod, secretFile, startAgent } from '../init-agent/harness/pod.ts'
import { startApiServer } from '../support/api-server/start-api-server.ts'
import { hasSignal } from '../support/has-signal.ts'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { copyBundle } from '../support/start-fast/copy-bundle.ts'
import { tlsFolder } from '../webhook/http/tls-folder.ts'
import { entryPoint } from './entry-point.ts'

/** What the image has in `/app`. */
const app = t.testdir()
await copyBundle(app)
const { node, args: entry } = entryPoint(app)

/** Node runs this after the place where it would begin to handle SIGUSR1. */
const preload = join(app, 'started.cjs')
writeFileSync(preload, "process.stderr.write('started\\n')")
const env = { NODE_OPTIONS: `--require=${JSON.stringify(preload)}` }

function start(t: Test, command: readonly string[], more: NodeJS.ProcessEnv = {}): ChildProcess {
  const [program = '', ...args] = command
  const child = spawn(program, args, { env: { ...env, ...more } })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/**
 * Sends SIGUSR1 once Node has started. If Node may not open its debugger, it blocks the signal: the kernel keeps it, and the
 * process goes on.
 */
async function keepsSignal(child: ChildProcess): Promise<boolean> {
  let errors = ''
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk) => {
      errors += chunk
      if (errors.includes('started')) resolve()
    })
  })
  if (hasSignal(child, 'SigCgt', 'SIGUSR1') || !hasSignal(child, 'SigBlk', 'SIGUSR1')) return false
  child.kill('SIGUSR1')
  return hasSignal(child, 'ShdPnd', 'SIGUSR1')
}

t.test('SIGUSR1 opens no debugger in the webhook and the controllers', async (t) => {
  const tls = await tlsFolder(join(app, 'tls'))
  await tls.write(await tls.issue())
  const webhook = {
    AKV_INJECTOR_AGENT_IMAGE: 'registry.example/agent:1',
    AKV_INJECTOR_TLS_DIR: tls.folder,
    AKV_INJECTOR_LISTEN: '127.0.0.1:0',
    AKV_INJECTOR_HEALTH_LISTEN: '127.0.0.1:0',
  }
  t.ok(await keepsSignal(start(t, [node, ...entry, 'webhook'], webhook)))
  const { kubeconfigFile: KUBECONFIG } = await startApiServer(t)
  for (const command of ['sync', 'certs']) {
    const controller = [node, ...entry, command, '--health-listen=127.0.0.1:0']
    t.ok(await keepsSignal(start(t, controller, { KUBECONFIG })))
  }
})

t.test('nor in the agent', async (t) => {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const refreshing = { files: [secretFile('a')], refreshSeconds: 3_600 } as const
  const pod = { ...(await makePod(t, emulator, refreshing)), program: entry }
  t.ok(await keepsSignal(startAgent(t, pod, env).process))
})

t.test('nor in a probe, which the kernel starts by its #! line', async (t) => {
  const text = readFileSync(join(app, 'await-files.js'), 'utf8')
  t.match(text, /^#!\/usr\/local\/bin\/node /)
  const probe = join(app, 'probe')
  writeFileSync(probe, text.replace('/usr/local/bin/node', node))
  chmodSync(probe, 0o755)
  t.ok(await keepsSignal(start(t, [probe, '-s', join(app, 'absent')])))
})

t.test('nor in the chart’s test, whose pod starts Node by itself', async (t) => {
  const template = readFileSync(
    join(import.meta.dirname, '../../manifests/chart/templates/helm-test.yaml'),
    'utf8',
  )
  const [, command = '[]'] = /^ +command: (.+)$/m.exec(template) ?? []
  const [, ...args]: readonly string[] = JSON.parse(command)
  t.ok(await keepsSignal(start(t, [node, ...args, 'setInterval(() => {}, 1e9)'])))
})
