import { InputError } from '../../command/input-error.ts'
import { isName, labelName } from '../../lib/name-rules.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { check } from '../../repository/check/check.ts'
import { identity } from '../../repository/identity/identity.ts'
import { inject } from '../../repository/inject/inject.ts'
import { diffText } from '../../repository/migrate/files/diff-text.ts'
import { migrate } from '../../repository/migrate/migrate.ts'
import { rbac } from '../../repository/rbac/rbac.ts'
import { inputName, setInput } from './node/input.ts'
import { process } from './node/process.ts'
import type { Answer, CommandName, Question } from './question.ts'

/**
 * Answers as the command line does, with the code of the command line. The plugin `stand-ins` puts the parts in `node/` in the
 * place of Node's own.
 */
export async function answer(question: Question): Promise<Answer> {
  setInput(question.text)
  process.env = { ...question.settings }
  // What an earlier command wrote before it failed.
  takeOutput()
  const exitCode = await run(question)
  return { exitCode, ...takeOutput() }
}

const takeOutput = () => ({ stdout: process.stdout.take(), stderr: process.stderr.take() })

async function run(question: Question): Promise<number> {
  try {
    if (!isName(question.namespace, labelName))
      throw new InputError(`the namespace: expected ${labelName.sentence}`)
    return await commands[question.command](question)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    printLines(process.stderr, [`akv-injector: ${error.message}`, ...error.details])
    return 2
  }
}

const files = [inputName]

const commands: Readonly<Record<CommandName, (question: Question) => number | Promise<number>>> = {
  check: ({ namespace }) => check({ files, namespace, output: 'text' }),
  findings: ({ namespace }) => check({ files, namespace, output: 'json' }),
  inject: ({ namespace }) => inject({ files, namespace }),
  difference,
  migrate: ({ namespace }) => migrate({ files, namespace, dryRun: true }),
  identity: ({ namespace }) => identity({ files, namespace, issuer: [], scope: 'vault' }),
  rbac: ({ namespace }) => rbac({ files, namespace }),
}

/** What `inject` prints, as the difference to the manifests. */
function difference({ namespace, text }: Question): number {
  const exitCode = inject({ files, namespace })
  const after = process.stdout.take()
  if (exitCode === 0 && after !== text)
    process.stdout.write(diffText({ path: `/${inputName}`, before: text, after }, '/'))
  return exitCode
}
