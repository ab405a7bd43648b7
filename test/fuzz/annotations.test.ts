import fc from 'fast-check'
import t from 'tap'
import { parseReference } from '../../keyvault/reference.ts'
import { describeProblem } from '../../lib/problems/problem.ts'
import { parseObjectList } from '../../requests/annotations/objects/parse-object-list.ts'
import { parsePlainYaml } from '../../requests/annotations/objects/parse-plain-yaml.ts'
import { parseTemplate } from '../../requests/annotations/objects/parse-template.ts'
import { parseCsiObjects } from '../../requests/annotations/objects/read-csi-objects.ts'
import { fuzz } from './harness/fuzz.ts'
import { assertParsed, assertSentence, pumped } from './harness/hostile.ts'
import { listPieces, templatePieces, yamlPieces } from './harness/pieces.ts'

const vault = fc.constantFrom(undefined, 'team-a')

t.test('YAML gives text, lists and mappings, or a problem', async (t) => {
  const bounds = { maxCharacters: 4_000, maxCostly: 1_000 }
  await fuzz(
    t,
    fc.property(pumped(yamlPieces, 5_000), (yaml) => {
      const value = assertParsed(parsePlainYaml(yaml, bounds))
      const json = JSON.stringify(value, (_, field) => {
        if (typeof field !== 'object' && typeof field !== 'string' && field !== undefined)
          throw new Error(`a ${typeof field}`)
        return field
      })
      // Aliases could make the value larger than the text. Without them, only escapes and quotes of JSON are added.
      if ((json?.length ?? 0) > 12 * yaml.length + 100) throw new Error('it outgrows its text')
    }),
  )
})

t.test('a list of the CSI driver gives files or problems', async (t) => {
  await fuzz(
    t,
    fc.property(pumped(yamlPieces, 5_000), vault, (yaml, vault) => {
      const { files, problems } = parseCsiObjects(yaml, { vault })
      for (const problem of problems) assertSentence(describeProblem(problem))
      if (files.length + problems.length > 2 * yaml.length + 2) throw new Error('too many')
    }),
  )
})

t.test(
  'an object list gives entries and problems, and never more than it has characters',
  async (t) => {
    await fuzz(
      t,
      fc.property(pumped(listPieces, 20_000), vault, (list, vault) => {
        const { entries, problems } = parseObjectList(list, { defaultVault: vault })
        for (const { sentence } of problems) assertSentence(sentence)
        if (Math.max(entries.length, problems.length) > list.length) throw new Error('too many')
        for (const { reference, target = '' } of entries)
          if ((reference.property ?? '').length + target.length > list.length)
            throw new Error('an entry outgrows the list')
      }),
    )
  },
)

t.test('a reference is read the same with blanks around its parts', async (t) => {
  await fuzz(
    t,
    fc.property(pumped(listPieces, 200), (text) => {
      const parsed = parseReference(text, { defaultVault: 'team-a' })
      assertParsed(parsed)
      const blank = parseReference(` ${text}\t`, { defaultVault: 'team-a' })
      if (JSON.stringify(parsed) !== JSON.stringify(blank)) throw new Error('they differ')
    }),
  )
})

t.test('a template gives its text and references, or problems', async (t) => {
  await fuzz(
    t,
    fc.property(pumped(templatePieces, 20_000), vault, (template, vault) => {
      const { segments, problems } = parseTemplate(template, vault)
      for (const problem of problems) assertSentence(problem)
      if (problems.length > 20) throw new Error(`${problems.length} problems`)
      const text = segments.filter((segment) => typeof segment === 'string').join('')
      if (text.length > template.length) throw new Error('the text outgrows the template')
      if (!template.includes('${') && text !== template) throw new Error('the text is changed')
    }),
  )
})
