import { spawnSync } from 'node:child_process'
import t from 'tap'

const module = new URL('../../init-agent/limit-compilation.ts', import.meta.url).href

/** V8 reports each function that it optimises. */
function optimisedFunctions(before: string): number {
  const script = `${before}
    const sum = (n) => { let all = 0; for (let i = 0; i < n; i++) all += i * 1.5; return all }
    for (let i = 0; i < 20_000; i++) sum(1_000)`
  const args = ['--trace-opt', '--input-type=module', '-e', script]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout.split('completed ').length - 1
}

t.test('V8 optimises nothing in a process that limits compilation', async (t) => {
  t.not(optimisedFunctions(''), 0)
  t.equal(optimisedFunctions(`(await import('${module}')).limitCompilation();`), 0)
})
