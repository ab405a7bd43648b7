// Each repository of test/fixtures/repositories has the outputs of the commands that are run in it.

import { writeFileSync } from 'node:fs'
import t from 'tap'
import { updatesGolden } from '../../support/needs/updates-golden.ts'
import { without } from '../../support/needs/without.ts'
import { makeFolder, makeRepository } from '../../support/repository.ts'
import { corpusRepositories } from '../../support/repository-corpus.ts'
import { runInFolder } from '../../support/run-in-folder.ts'

const updates = updatesGolden()

const prompt = '$ akv-injector '

t.test('check and identity say what is expected of each repository', async (t) => {
  let outputs = 0
  for (const repository of corpusRepositories)
    await t.test(repository.name, async (t) => {
      const { pathOf } = makeFolder(t, repository.files)
      for (const file of ['check.txt', 'identity.txt']) {
        const transcript = await transcriptOf(repository.expected(file), pathOf('.'))
        if (updates) repository.expect(file, transcript)
        t.equal(transcript, repository.expected(file), file)
        outputs += commandsOf(transcript).length
      }
    })
  t.ok(outputs >= 2 * 30, `${outputs} outputs were compared`)
})

t.test(
  '--render reads what Kustomize makes',
  { skip: without('kustomize-or-kubectl') },
  async (t) => {
    let outputs = 0
    for (const repository of corpusRepositories) {
      const expected = repository.expected('render.txt')
      if (expected === undefined) continue
      const { pathOf } = makeFolder(t, repository.files)
      const transcript = await transcriptOf(expected, pathOf('.'))
      if (updates) repository.expect('render.txt', transcript)
      t.equal(transcript, repository.expected('render.txt'), repository.name)
      outputs++
    }
    t.ok(outputs >= 3, `${outputs} outputs were compared`)
  },
)

t.test('migrate --write changes each repository as expected, and once', async (t) => {
  let diffs = 0
  for (const repository of corpusRepositories) {
    const expected = repository.expected('migrate.txt')
    if (expected === undefined) continue
    await t.test(repository.name, async (t) => {
      const { pathOf, texts, git, commit } = makeRepository(t, repository.files)
      const folder = pathOf('.')
      const dry = await runInFolder(folder, ['migrate', '--dry-run', '.'])
      if (updates) repository.expect('migrate.diff', dry.stdout)
      t.equal(dry.stdout, repository.expected('migrate.diff'), 'migrate.diff')
      t.strictSame(texts(), repository.files, 'a dry run changes nothing')

      const transcript = await transcriptOf(expected, folder)
      if (updates) repository.expect('migrate.txt', transcript)
      t.equal(transcript, repository.expected('migrate.txt'), 'migrate.txt')
      const written = texts()
      git('checkout', '--quiet', '.')
      git('clean', '--quiet', '--force')
      const patch = `${t.testdirName}.patch`
      writeFileSync(patch, dry.stdout)
      if (dry.stdout !== '') git('apply', patch)
      t.strictSame(texts(), written, 'git apply makes the same files of the diff')

      commit()
      const again = await runInFolder(folder, ['migrate', '--write', '.'])
      t.match(again.stdout, /^nothing to change$/m)
      t.strictSame(texts(), written, 'a second run changes nothing')
      if (dry.stdout !== '') diffs++
    })
  }
  t.ok(diffs >= 20, `${diffs} diffs were compared`)
})

function commandsOf(transcript = ''): readonly string[] {
  return transcript.split('\n').filter((line) => line.startsWith(prompt))
}

/** Runs the commands of a transcript, and returns a new one with their outputs. */
async function transcriptOf(expected: string | undefined, folder: string): Promise<string> {
  const parts: string[] = []
  for (const line of commandsOf(expected)) {
    const args = line.slice(prompt.length).split(' ')
    const { code, stdout, stderr } = await runInFolder(folder, args)
    parts.push(`${line}\n${stdout}--- standard error\n${stderr}exit code ${code}\n`)
  }
  return parts.join('\n')
}
