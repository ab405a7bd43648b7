import fc from 'fast-check'
import t from 'tap'
import { templateRenderer } from '../../delivery/go-template/render.ts'
import { anyCharacter } from '../support/any-character.ts'
import { without } from '../support/needs/without.ts'
import { compareWithGo } from './harness/compare-with-go.ts'
import { fuzz } from './harness/fuzz.ts'
import { startGoTemplates } from './harness/go-templates.ts'
import { pumped } from './harness/hostile.ts'
import { anyTemplate, nodes, pipeline } from './harness/template-language.ts'
import { data } from './harness/template-texts.ts'

/** Templates that Go runs, and that we refuse on purpose. */
const stricter =
  /no key|has no member|is not base64|is not JSON|computed key|index takes|%.{1,9} is not supported|levels deep|too large|in a row/

t.test('renders a template as Go does, or fails', { skip: without('go') }, async (t) => {
  const go = await startGoTemplates(t)
  let rendered = 0
  await fuzz(
    t,
    fc.asyncProperty(nodes, data, async (template, data) => {
      const { problem, goProblem } = await compareWithGo(go, template, data)
      if (problem === '') rendered++
      if (problem === '' && goProblem !== '') throw new Error(`Go refuses it: ${goProblem}`)
      if (problem !== '' && goProblem === '' && !stricter.test(problem))
        throw new Error(`Go renders it; we say: ${problem}`)
    }),
    (tried) => rendered >= Math.max(20, tried / 10),
  )
  t.comment(`${rendered} templates were rendered`)
})

t.test(
  'never renders what Go refuses, or renders otherwise',
  { skip: without('go') },
  async (t) => {
    const go = await startGoTemplates(t)
    let refused = 0
    await fuzz(
      t,
      fc.asyncProperty(anyTemplate, data, async (template, data) => {
        const { problem, goProblem } = await compareWithGo(go, template, data)
        if (problem === '' && goProblem !== '') throw new Error(`Go refuses it: ${goProblem}`)
        if (goProblem !== '') refused++
      }),
      (tried) => refused >= Math.max(20, tried / 10),
    )
    t.comment(`Go refused ${refused} templates`)
  },
)

t.test('any text is parsed or refused', async (t) => {
  const pieces = [
    '{{',
    '}}',
    '{{-',
    ' -}}',
    '/*',
    '*/',
    '(',
    ')',
    '|',
    '"',
    '`',
    '.',
    ' ',
    'if',
    'end',
    'else',
    'a',
    '\\',
  ]
  let parsed = 0
  await fuzz(
    t,
    fc.asyncProperty(
      fc.oneof(fc.string({ unit: anyCharacter }), pumped(pieces, 70_000), pipeline),
      async (template) => {
        const result = await templateRenderer(new Map())(template)
        if (result.kind === 'valid') parsed++
        if (result.kind === 'invalid' && result.problem.length > 1_000)
          throw new Error('the message is too long')
      },
    ),
    (tried) => parsed >= Math.max(20, tried / 20),
  )
  t.comment(`${parsed} texts were rendered`)
})
