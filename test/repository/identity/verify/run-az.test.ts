import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startAz } from '../../../../repository/identity/verify/run-az.ts'
import type { FakeFailure } from '../../../support/fake-az/azure-state.ts'
import { startFakeAz } from '../../../support/fake-az/fake-az.ts'

const root = join(import.meta.dirname, '../../../..')
const show = ['keyvault', 'show', '--name=team-a']

/** An `az` on the PATH of this process whose `keyvault show` behaves like this. */
async function azThat(t: Test, failure: FakeFailure) {
  const az = await startFakeAz(t.testdir(), [])
  az.change((state) => {
    state.failures = { 'keyvault show': failure }
  })
  onPath(t, `${az.path}:${process.env['PATH']}`)
  return az
}

function onPath(t: Test, path: string): void {
  const before = process.env['PATH']
  process.env['PATH'] = path
  t.teardown(() => {
    process.env['PATH'] = before
  })
}

t.test('an answer in JSON is read', async (t) => {
  await azThat(t, { stdout: '{"id":"x"}', stderr: 'WARNING: something\n' })
  t.strictSame(await startAz()(show), { kind: 'answered', value: { id: 'x' } })
})

t.test(
  'each way to fail is a sentence, and says whether the next command would fail, too',
  async (t) => {
    const cases: readonly (readonly [FakeFailure, RegExp, boolean])[] = [
      [
        { stdout: 'Subscription  Name' },
        /az keyvault show printed something that isn’t JSON/,
        false,
      ],
      [{ stdout: '' }, /isn’t JSON/, false],
      [
        { code: 1, stderr: "ERROR: Please run 'az login' to setup account.\n" },
        /isn’t signed in; run az login \(Please run 'az login' to setup account\.\)/,
        true,
      ],
      [
        {
          code: 1,
          stderr:
            'ERROR: AADSTS700082: The refresh token has expired due to inactivity.\nTo re-authenticate, please run:\naz login\n',
        },
        /isn’t signed in; run az login \(AADSTS700082/,
        true,
      ],
      [
        {
          code: 1,
          stderr:
            "WARNING: x\nERROR: (AuthorizationFailed) The client 'me' does not have authorization to perform action\nCode: AuthorizationFailed\n",
        },
        /az keyvault show failed with exit code 1: \(AuthorizationFailed\) The client 'me'/,
        false,
      ],
      [{ code: 3 }, /az keyvault show failed with exit code 3$/, false],
      [{ code: 1, stderr: `ERROR: ${'\u001b[2J\u202e'.repeat(500)}` }, /^[ -~…]{1,400}$/, false],
    ]
    for (const [failure, sentence, isForAll] of cases)
      await t.test(String(sentence), async (t) => {
        await azThat(t, failure)
        t.match(await startAz()(show), { kind: 'failed', sentence, isForAll })
      })
  },
)

t.test('an Azure CLI that isn’t on the PATH is reported', async (t) => {
  onPath(t, t.testdir({ az: 'not executable' }))
  t.match(await startAz()(show), {
    kind: 'failed',
    sentence: /can’t be started \(EACCES\)/,
    isForAll: true,
  })
  onPath(t, t.testdir())
  t.match(await startAz()(show), {
    sentence: /isn’t installed, or isn’t on the PATH/,
    isForAll: true,
  })
})

t.test('an endless answer is cut off, on either stream', async (t) => {
  const million = 'x'.repeat(1024 * 1024)
  for (const failure of [{ stdout: million, times: 64 }, { stderr: million.repeat(9) }])
    await t.test(async (t) => {
      await azThat(t, failure)
      t.match(await startAz()(show), { kind: 'failed', sentence: /printed more than 8192 KiB/ })
    })
})

t.test('a command that hangs is ended, together with its children', async (t) => {
  const file = join(t.testdir(), 'pid')
  await azThat(t, { hangs: file })
  const pid = await pidOfHanging(1)
  while (isRunning(pid)) await sleep(10)

  /** A busy machine needs more time to start it. */
  async function pidOfHanging(seconds: number): Promise<number> {
    t.match(await startAz({ timeoutMs: seconds * 1000 })(show), {
      kind: 'failed',
      sentence: new RegExp(`az keyvault show didn’t end within ${seconds} s`),
    })
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
    return pid > 0 ? pid : await pidOfHanging(2 * seconds)
  }
})

t.test('Ctrl-C ends the Azure CLI, too', async (t) => {
  const file = join(t.testdir(), 'pid')
  const az = await azThat(t, { hangs: file })
  const script = `
    const { startAz } = await import(${JSON.stringify(join(root, 'repository/identity/verify/run-az.ts'))})
    await startAz()(${JSON.stringify(show)})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: `${az.path}:${process.env['PATH']}` },
    stdio: 'ignore',
  })
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') await sleep(10)
  const pid = Number(readFileSync(file, 'utf8'))
  t.ok(isRunning(pid))
  child.kill('SIGINT')
  const [code, signal] = await once(child, 'exit')
  t.strictSame([code, signal], [null, 'SIGINT'])
  while (isRunning(pid)) await sleep(10)
})

/** A process that ended may wait for its parent to notice. */
const isRunning = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

t.test('the number of commands is bounded', async (t) => {
  const az = await azThat(t, { stdout: '{}' })
  const run = startAz({ maxCommands: 2 })
  for (const kind of ['answered', 'answered', 'failed', 'failed'])
    t.match(await run(show), { kind })
  t.equal(az.commands().length, 2)
})
