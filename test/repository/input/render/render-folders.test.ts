import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { renderFolders } from '../../../../repository/input/render/render-folders.ts'
import { writeFakeRenderers } from '../../../support/fake-renderers.ts'

const mebibyte = 1024 * 1024
const bounds = {
  maxBytes: mebibyte,
  timeoutMs: 300_000,
  maxTotalBytes: 8 * mebibyte,
  totalMs: 300_000,
  maxFolders: 100,
}

/** What becomes of folders that a program with this script renders. */
async function renderWith(
  t: Test,
  script: string,
  { folders = 1, ...changes }: Partial<typeof bounds> & { readonly folders?: number } = {},
) {
  const folder = t.testdir({})
  const fakes = writeFakeRenderers(folder, { kustomize: script })
  const path = process.env['PATH']
  process.env['PATH'] = fakes.path
  try {
    const roots = Array.from({ length: folders }, (_, i) => ({
      path: `app${i}`,
      kind: 'kustomization' as const,
      file: `app${i}/kustomization.yaml`,
      reads: [],
    }))
    const results: string[] = []
    for await (const result of renderFolders(roots, {
      namespace: 'default',
      values: [],
      bounds: { ...bounds, ...changes },
    }))
      results.push(
        ...('errors' in result
          ? result.errors.map(({ message }) => message)
          : [`${result.text.length}`]),
      )
    return { results, folder, runs: fakes.runs() }
  } finally {
    process.env['PATH'] = path
  }
}

const endless = 'while :; do echo 0123456789012345678901234567890123456789; done'

t.test('a program that prints for ever is ended', async (t) => {
  for (const script of [endless, `{ ${endless}; } >&2`])
    t.strictSame((await renderWith(t, script)).results, [
      'app0: kustomize build printed more than 1024 KiB',
    ])
})

t.test('a program that hangs is ended with everything that it has started', async (t) => {
  const script = '/bin/sleep 600 & echo $! >"$0.pid"; wait'
  const pid = await pidOfHanging(1)
  while (isRunning(pid)) await setTimeout(20)

  /** A busy machine needs more time to start it. */
  async function pidOfHanging(seconds: number): Promise<number> {
    const { results, folder } = await renderWith(t, script, { timeoutMs: seconds * 1000 })
    t.strictSame(results, [`app0: kustomize build didn't end within ${seconds} s`])
    const file = join(folder, 'fake programs/kustomize.pid')
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
    return pid > 0 ? pid : await pidOfHanging(2 * seconds)
  }
})

/** A process that ended may wait for its parent to notice. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

t.test('all programs together are bounded in output and in time', async (t) => {
  const script = 'printf %0524288d 0'
  const { results, runs } = await renderWith(t, script, {
    folders: 5,
    maxTotalBytes: 1.5 * mebibyte,
  })
  t.strictSame(results, [
    '524288',
    '524288',
    '524288',
    // It has started before the one before it ended.
    '524288',
    'app4: was not rendered: rendering all folders takes too long or prints too much; pass fewer folders',
  ])
  t.equal(runs.length, 4)
  const late = await renderWith(t, script, { folders: 2, totalMs: 0 })
  t.match(late.results, [/^app0: was not rendered: /, /^app1: was not rendered: /])
  t.equal(late.runs.length, 0)
})

t.test('the message of a failed program becomes one short, printable line', async (t) => {
  for (const [script, message] of [
    ['exit 3', 'app0: kustomize build failed with exit code 3'],
    ['kill -9 $$', 'app0: kustomize build was ended by a signal'],
    [
      'printf "\\n  first\\033[2J\\nsecond\\n3\\n4\\n5\\n" >&2; echo no; exit 1',
      'app0: kustomize build failed with exit code 1: first\\u{1b}[2J second 3 4',
    ],
  ] as const)
    t.strictSame((await renderWith(t, script)).results, [message])
  const [long = ''] = (await renderWith(t, 'printf %09999d 0 >&2; exit 1')).results
  t.ok(long.length > 600 && long.length < 700, `${long.length} characters`)
})

t.test('folders beyond the bound that others name are refused by name', async (t) => {
  const fakes = writeFakeRenderers(t.testdir({}), { kustomize: 'echo "a: 1"' })
  const path = process.env['PATH']
  process.env['PATH'] = fakes.path
  t.teardown(() => {
    process.env['PATH'] = path
  })
  const rootOf = (name: string) => ({
    path: name,
    kind: 'kustomization' as const,
    file: `${name}/kustomization.yaml`,
    reads: [name],
  })
  const seen: string[] = []
  const results = renderFolders([rootOf('a')], {
    namespace: 'default',
    values: [],
    bounds: { ...bounds, maxFolders: 3 },
    follow: (result) =>
      result !== 'end' && 'text' in result && result.root.path === 'a'
        ? ['b', 'c', 'd', 'e'].map(rootOf)
        : [],
  })
  for await (const result of results)
    seen.push('text' in result ? result.root.path : (result.errors[0]?.message ?? ''))
  t.strictSame(seen, [
    'a',
    'd: has more than 3 folders to render; pass fewer folders',
    'e: has more than 3 folders to render; pass fewer folders',
    'b',
    'c',
  ])
})
