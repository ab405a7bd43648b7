import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { logLine, logOf, stateOf, v1 } from '../../../support/injected-pods/agent-log.ts'
import { injectedPod } from '../../../support/injected-pods/injected-pod.ts'
import { servePods } from '../../../support/injected-pods/serve-pods.ts'
import { root } from '../../../support/run-command-line.ts'
import { program, startsFast } from '../../../support/start-fast/bundles.ts'

const mebibyte = 2 ** 20
const pods = 10_000
const largeLogs = 600
/** Far less than all logs take. */
const heapMebibytes = 200

/** Just below what a command reads of a log. */
const atMost = (line: string): string =>
  line.repeat(Math.floor((mebibyte - 1) / Buffer.byteLength(line)))

/** Each is read in another way: no line is a state, each line is nearly one, and a state of as many parts as are read. */
const logs = [
  atMost(logLine({ level: 'warn', code: 'AKV_FORBIDDEN', message: 'é'.repeat(7_000) })),
  atMost(logLine({ message: 'state', agent: '1.0.0', at: 'x'.repeat(14_000) })),
  logOf({
    ...stateOf(),
    objects: Array.from({ length: 80 }, (_, i) => ({
      object: i === 0 ? 'secret team-a:db-password' : `secret team-a:s-${i}`,
      versions: Array(200).fill(v1),
    })),
  }),
].map((log) => Buffer.from(log))

const smallLog = Buffer.from(logOf(stateOf()))

t.test('many pods and large logs of agents take little memory', async (t) => {
  const { server, put, options } = await servePods(t)
  for (let i = 0; i < pods; i++) put(injectedPod({ name: `pod-${i}` }), '')
  const before = server.before
  let sent = 0
  server.before = (request) => {
    const [, number] = /pod-(\d+)\/log$/.exec(request.path) ?? []
    if (number === undefined) return before(request)
    const log = (Number(number) < largeLogs && logs[Number(number) % logs.length]) || smallLog
    // As the kubelet does. In UTF-8, half a character at the end makes no difference.
    const part = log.subarray(0, Number(request.query.get('limitBytes'))).toString()
    sent += part.length
    return [200, part]
  }
  for (const command of [
    ['status', '-A'],
    ['who', '-A', 'team-a:db-password'],
  ]) {
    sent = 0
    const args = [
      `--max-old-space-size=${heapMebibytes}`,
      ...startsFast,
      program,
      ...command,
      ...options,
    ]
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [exit] = await once(child, 'close')
    t.comment(
      `${command[0]}: ${Math.round(sent / mebibyte)} MiB of logs in a heap of ${heapMebibytes} MiB`,
    )
    t.equal(exit, 0, command.join(' '))
    t.ok(sent > (largeLogs * mebibyte) / 2, 'the logs were read')
  }
})
