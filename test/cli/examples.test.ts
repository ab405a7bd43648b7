import { Command } from 'commander'
import t from 'tap'
import { addClusterCommands } from '../../cli/cluster-commands.ts'
import { addLocalCommands } from '../../cli/local-commands.ts'
import { addProcessCommands } from '../../cli/process-commands.ts'
import { runInProcess } from '../support/run-in-process.ts'

/** The command line without what its commands do. Remembers which command was parsed. */
function parser() {
  const program = new Command('akv-injector').enablePositionalOptions().exitOverride()
  const parsed: string[] = []
  for (const add of [addLocalCommands, addClusterCommands, addProcessCommands])
    add(program, () => undefined)
  for (const command of program.commands)
    command
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .action(() => {
        parsed.push(command.name())
      })
  return { program, parsed }
}

const names = parser().program.commands.map((command) => command.name())

t.test('the help of each command has examples, which its own parser takes', async (t) => {
  t.ok(names.length >= 16)
  for (const name of names) {
    const { stdout } = await runInProcess([name, '--help'])
    const [, section = ''] = /\nExamples:\n([\s\S]*)$/.exec(stdout) ?? []
    const lines = section.trim().split('\n')
    for (const line of lines) {
      const [, words = ''] = /(?:^ *|[|(] ?)akv-injector ([^|>)]+)/.exec(line) ?? []
      const { program, parsed } = parser()
      await program.parseAsync(words.trim().split(' '), { from: 'user' })
      t.strictSame(parsed, [name], line)
      t.ok(line.length <= 110, 'and they are short')
    }
  }
})

t.test('an example with an unknown option would fail the test above', async (t) => {
  for (const words of [['check', '--none', '.'], ['who'], ['completion', 'tcsh']])
    await t.rejects(parser().program.parseAsync(words, { from: 'user' }))
})
