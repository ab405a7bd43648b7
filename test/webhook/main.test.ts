import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { tlsFolder } from './http/tls-folder.ts'

/** The webhook as a process of its own, with nothing in its environment but what is given. */
function run(t: Test, env: Record<string, string>) {
  const program = `import { webhookMain } from './webhook/main.ts'; process.exitCode = await webhookMain()`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, errors: text(child.stderr), code: exitCode(child) }
}

const exitCode = async (child: ChildProcess): Promise<number | null> =>
  (await once(child, 'exit'))[0]

const anyPort = {
  AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1',
  AKV_INJECTOR_LISTEN: '127.0.0.1:0',
  AKV_INJECTOR_HEALTH_LISTEN: '127.0.0.1:0',
}

t.test('invalid settings end it with 2 and a sentence for each', async (t) => {
  const { errors, code } = run(t, { AKV_INJECTOR_LISTEN: 'x', AKV_INJECTOR_TSL_DIR: 'y' })
  t.equal(await code, 2)
  t.strictSame((await errors).trimEnd().split('\n'), [
    'akv-injector webhook: invalid settings',
    '  AKV_INJECTOR_TSL_DIR: unknown setting; did you mean AKV_INJECTOR_TLS_DIR?',
    '  AKV_INJECTOR_AGENT_IMAGE: is required: the image of the agent to inject',
    '  AKV_INJECTOR_LISTEN "x": expected an address and a port, such as 0.0.0.0:8443 or [::]:8443',
  ])
})

t.test('an address that is taken ends it with 1', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const { errors, code } = run(t, { ...anyPort, AKV_INJECTOR_HEALTH_LISTEN: `127.0.0.1:${port}` })
  t.equal(await code, 1)
  t.match(await errors, /akv-injector webhook: cannot start: .*EADDRINUSE/)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  t.test(`${signal} drains it and ends it with 0; a second one does not wait`, async (t) => {
    const tls = await tlsFolder(t.testdir())
    await tls.write(await tls.issue())
    const { child, code } = run(t, { ...anyPort, AKV_INJECTOR_TLS_DIR: tls.folder })
    const isTwice = signal === 'SIGINT'
    for await (const line of createInterface(child.stdout)) {
      const { message } = JSON.parse(line)
      if (message === 'health server listening') child.kill(signal)
      if (message === 'shutting down' && isTwice) child.kill(signal)
    }
    t.equal(await code, isTwice ? null : 0)
    t.equal(child.signalCode, isTwice ? signal : null)
  })
