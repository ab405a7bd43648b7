import fc from 'fast-check'
import t from 'tap'
import { envValueProblem } from '../../../delivery/projection/env-value-problem.ts'
import { parseEnvFile, renderEnvFile } from '../../../init-agent/volume/env-file.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { numRuns } from '../../support/property-runs.ts'

t.test('a variable is a line whose value is literal', async (t) => {
  const file = renderEnvFile(
    new Map([
      ['A', Buffer.from('x "y" $(Z) \\n #')],
      ['B_2', Buffer.from('two\nlines = é')],
    ]),
  )
  t.equal(Buffer.from(file).toString(), `A='x "y" $(Z) \\n #'\nB_2='two\nlines = é'\n`)
})

t.test('a file of variables reads back as the same values', async () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/)
  const value = fc
    .oneof(
      fc.string({ unit: anyCharacter }),
      fc.string({ unit: fc.constantFrom('=', '\n', '#', 'A', "'") }),
    )
    .map((text) => Buffer.from(text))
    .filter((bytes) => envValueProblem('A', bytes) === undefined)
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (entries) => {
      const variables = new Map(entries)
      const read = parseEnvFile(renderEnvFile(variables))
      return (
        read?.size === variables.size &&
        [...variables].every(([name, bytes]) => bytes.equals(read.get(name) ?? Buffer.of()))
      )
    }),
    { numRuns },
  )
})

t.test('any other file isn’t parsed', async (t) => {
  for (const text of ["A='x", 'A=x\n', "A='x'", "A='x'\nB", "\nA='x'\n", "1A='x'\n"])
    t.equal(parseEnvFile(Buffer.from(text)), undefined, text)
  t.equal(parseEnvFile(undefined), undefined)
})
