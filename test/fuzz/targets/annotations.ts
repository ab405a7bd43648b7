import { parseReference } from '../../../keyvault/reference.ts'
import { describeProblem } from '../../../lib/problems/problem.ts'
import { parsePlainYaml } from '../../../requests/annotations/objects/parse-plain-yaml.ts'
import { parseTemplate } from '../../../requests/annotations/objects/parse-template.ts'
import { parseCsiObjects } from '../../../requests/annotations/objects/read-csi-objects.ts'
import { assertParsed, assertSentence } from '../harness/hostile.ts'

/** The small languages of annotations: references, CSI object lists in YAML, and templates. */
export function fuzz(data: Buffer): void {
  const text = data.toString()
  assertParsed(parseReference(text, { defaultVault: 'team-a' }))
  assertParsed(parsePlainYaml(text, { maxCharacters: 4_000, maxCostly: 1_000 }))
  for (const problem of parseCsiObjects(text, { vault: 'team-a' }).problems)
    assertSentence(describeProblem(problem))
  parseTemplate(text, 'team-a')
}
