import fc from 'fast-check'
import t from 'tap'
import { envValueProblem } from '../../delivery/projection/env-value-problem.ts'
import { parseEnvFile, renderEnvFile } from '../../init-agent/volume/env-file.ts'
import { anyCharacter } from '../support/any-character.ts'
import { fuzz } from './harness/fuzz.ts'
import { assertSentence, pumped } from './harness/hostile.ts'
import { envFilePieces } from './harness/pieces.ts'

t.test('any bytes in place of an env file give variables or nothing', async (t) => {
  await fuzz(
    t,
    fc.property(
      fc.oneof(pumped(envFilePieces, 20_000).map(Buffer.from), fc.uint8Array()),
      (bytes) => {
        const variables = parseEnvFile(bytes)
        if (variables === undefined) return
        if (renderEnvFile(variables).length > bytes.length) throw new Error('it outgrows the file')
      },
    ),
  )
})

t.test('variables that are written read the same', async (t) => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/)
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.string({ unit: anyCharacter }).map((text) => Uint8Array.from(Buffer.from(text))),
  )
  await fuzz(
    t,
    fc.property(fc.array(fc.tuple(name, value)), (entries) => {
      const problems = entries.map(([name, value]) => envValueProblem(name, value))
      for (const problem of problems) if (problem !== undefined) assertSentence(problem)
      const variables = new Map(entries.filter((_, index) => problems[index] === undefined))
      const read = parseEnvFile(renderEnvFile(variables))
      const shown = (some: ReadonlyMap<string, Uint8Array> = new Map()) =>
        JSON.stringify([...some].map(([name, value]) => [name, [...value]]))
      if (shown(read) !== shown(variables)) throw new Error(`they differ: ${shown(read)}`)
    }),
  )
})
