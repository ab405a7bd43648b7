import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import jsonpatch from 'fast-json-patch'
import t from 'tap'
import { readAdmissionReview } from '../../../webhook/core/admission-review.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import type { Policy } from '../../../webhook/core/policy.ts'
import { policy } from './policy.ts'

/**
 * Each folder is a case named for what it shows: `review.json` goes in, `patch.json` is the outcome that must come
 * out. `policy.json`, where there is one, is what the operator set otherwise. UPDATE_GOLDEN=1 writes the outcomes
 * anew, to be read in the diff.
 */
const folder = join(import.meta.dirname, '../../fixtures/admission')
const cases = readdirSync(folder)
const read = (name: string, file: string) =>
  JSON.parse(readFileSync(join(folder, name, file), 'utf8'))

function policyOf(name: string): Policy {
  if (!existsSync(join(folder, name, 'policy.json'))) return policy
  const { allowedVaults, ...changes } = read(name, 'policy.json')
  if (allowedVaults === undefined) return { ...policy, ...changes }
  const lists = Object.entries(allowedVaults as Record<string, string[]>)
  return {
    ...policy,
    ...changes,
    allowedVaults: new Map(lists.map(([namespace, vaults]) => [namespace, new Set(vaults)])),
  }
}

function requestOf(review: unknown) {
  const read = readAdmissionReview(review)
  if ('problem' in read) throw new Error(read.problem)
  return read.value
}

for (const name of cases)
  t.test(name, async (t) => {
    const review = read(name, 'review.json')
    const request = requestOf(review)
    const outcome = mutate(request, policyOf(name))
    if (process.env['UPDATE_GOLDEN'])
      writeFileSync(join(folder, name, 'patch.json'), `${JSON.stringify(outcome, null, 2)}\n`)
    t.strictSame(JSON.parse(JSON.stringify(outcome)), read(name, 'patch.json'))

    if (outcome.kind !== 'injected') return
    const object = structuredClone(request.object)
    jsonpatch.applyPatch(object, structuredClone([...outcome.operations]), true)
    t.strictSame(
      mutate({ ...request, object }, policyOf(name)),
      { kind: 'skipped', reason: 'complete' },
      'reviewing the result adds nothing',
    )
  })

t.test('there are cases', async (t) => t.ok(cases.length >= 45))
