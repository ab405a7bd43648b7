import { spawnSync } from 'node:child_process'
import t from 'tap'
import { podText, root } from '../../../support/run-command-line.ts'
import { program } from '../../../support/start-fast/bundles.ts'

t.test('a command waits for a writer that is slow, also in the middle of a text', async (t) => {
  const [kind, ...rest] = podText({ vault: 'team-a', secrets: 'x' }).split(',')
  const script = `(sleep 2; printf %s "$1"; sleep 1; printf %s "$2") | "$3" "$4" check -`
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', script, 'sh', `${kind},`, rest.join(','), process.execPath, program],
    { cwd: root, encoding: 'utf8' },
  )
  t.equal(stderr, '')
  t.match(stdout, 'Pod/web (standard input): would be injected')
  t.equal(status, 0)
})
