// Each repository of test/fixtures/repositories has the outputs of the commands that are run in it.

import t from 'tap'
import { updatesGolden } from '../../support/needs/updates-golden.ts'
import { without } from '../../support/needs/without.ts'
import { makeFolder, type Texts } from '../../support/repository.ts'
import { corpusRepositories } from '../../support/repository-corpus.ts'
import { commandsOf, transcriptOf } from './transcript.ts'

const updates = updatesGolden()

/** Nothing is rendered, whatever the machine has. */
const withoutPrograms = { PATH: '/nowhere' }

/** Makes the folder the top of a repository. Otherwise, that would be the folder of these tests. */
const inRepository = (files: Texts): Texts => ({ ...files, '.git/HEAD': '' })

t.test('check and identity say what is expected of each repository', async (t) => {
  let outputs = 0
  for (const repository of corpusRepositories)
    await t.test(repository.name, async (t) => {
      const { pathOf } = makeFolder(t, inRepository(repository.files))
      for (const file of ['check.txt', 'identity.txt']) {
        const transcript = await transcriptOf(
          repository.expected(file),
          pathOf('.'),
          withoutPrograms,
        )
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
      const { pathOf } = makeFolder(t, inRepository(repository.files))
      const transcript = await transcriptOf(expected, pathOf('.'))
      if (updates) repository.expect('render.txt', transcript)
      t.equal(transcript, repository.expected('render.txt'), repository.name)
      outputs++
    }
    t.ok(outputs >= 3, `${outputs} outputs were compared`)
  },
)
