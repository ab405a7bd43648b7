import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
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

t.test('a tagged release is refused if the checkout has changes', async (t) => {
  const folder = t.testdir({ file: 'committed' })
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: folder,
    })
  git('init', '--quiet')
  git('add', 'file')
  git('commit', '--quiet', '--message', 'a')
  writeFileSync(join(folder, 'file'), 'changed')
  const options = ['--out', join(folder, 'new'), '--tag', `v${packageJson.version}`]
  const { status, stderr } = spawnSync(process.execPath, [script, ...options], {
    encoding: 'utf8',
    env: { ...process.env, GIT_DIR: join(folder, '.git'), GIT_WORK_TREE: folder },
  })
  t.match({ status, stderr }, { status: 1, stderr: 'has changes that are not committed' })
})
