import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import packageJson from '../../package.json' with { type: 'json' }

const script = join(import.meta.dirname, '../../release/make-release.ts')
const run = (...args: readonly string[]) => {
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
  return { status, stderr }
}

t.test('a release that can’t be right is refused before anything is made', async (t) => {
  const folder = t.testdir({ used: { file: '' } })
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], 'name a new folder for the files: --out DIR'],
    [['--out', join(folder, 'used')], 'has files; name a new folder'],
    [
      ['--out', join(folder, 'new'), '--tag', 'v9.9.9'],
      `the tag is v9.9.9, but package.json has the version ${packageJson.version}`,
    ],
    [['--outt', folder], "Unknown option '--outt'"],
  ]
  for (const [args, sentence] of cases)
    t.match(run(...args), {
      status: 1,
      stderr: new RegExp(`^npm run release: .*${sentence}.*\\n$`),
    })
})
