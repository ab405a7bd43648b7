// Each repository of test/fixtures/repositories has the outputs of the commands that are run in it.

import t from 'tap'
import { makeRepository } from '../../support/repository.ts'
import { corpusRepositories } from '../../support/repository-corpus.ts'
import { runInProcess } from '../../support/run-in-process.ts'

/** UPDATE_GOLDEN=1 writes the outputs anew, to be read in the diff. */
const updates = Boolean(process.env['UPDATE_GOLDEN'])

const prompt = '$ akv-injector '

t.test('check and identity say what is expected of each repository', async (t) => {
  let outputs = 0
  for (const repository of corpusRepositories)
    await t.test(repository.name, async (t) => {
      const { pathOf } = makeRepository(t, repository.files)
      for (const file of ['check.txt', 'identity.txt']) {
        const expected = repository.expected(file) ?? ''
        const commands = expected.split('\n').filter((line) => line.startsWith(prompt))
        const transcript = []
        for (const line of commands) transcript.push(await transcriptOf(line, pathOf('.')))
        if (updates) repository.expect(file, transcript.join('\n'))
        t.equal(transcript.join('\n'), repository.expected(file), file)
        outputs += commands.length
      }
    })
  t.ok(outputs >= 2 * 25, `${outputs} outputs were compared`)
})

/** A command with its output, as in a terminal. */
async function transcriptOf(line: string, folder: string): Promise<string> {
  const { code, stdout, stderr } = await runIn(folder, line.slice(prompt.length).split(' '))
  return `${line}\n${stdout}--- standard error\n${stderr}exit code ${code}\n`
}

/** Runs a command in a folder, without a line about the folder's own Git repository. */
async function runIn(folder: string, args: readonly string[]) {
  const before = process.cwd()
  process.chdir(folder)
  try {
    const { stderr, ...ended } = await runInProcess(args)
    return { ...ended, stderr: stderr.replace('skipped .git: it is hidden\n', '') }
  } finally {
    process.chdir(before)
  }
}
