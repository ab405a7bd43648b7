import t from 'tap'
import { describeProblem } from '../../../lib/problems/problem.ts'
import { metadataProblems } from '../../../requests/secret/metadata-problems.ts'
import type { RequestedSecret } from '../../../requests/secret/requested-secret.ts'
import { trustedMetadata } from '../../../requests/secret/trusted-metadata.ts'
import { policy } from '../../webhook/core/policy.ts'

const { names, labels, annotations } = trustedMetadata
const problems = (secret: Partial<RequestedSecret>, allowed: readonly string[] = []) =>
  metadataProblems([{ name: 'db', type: 'Opaque', labels: {}, ...secret }], {
    namespace: 'team-a',
    policy: { ...policy, allowedMetadata: new Map([['team-a', new Set(allowed)]]) },
  }).map(describeProblem)
/** What an entry stands for, with any value or with its own. */
const mapOf = (entry: string) => {
  const [key = '', value = 'any'] = entry.split('=')
  return { [key]: value }
}

t.test('each entry is refused, and names who trusts it and how to allow it', async (t) => {
  let refused = 0
  for (const [found, entry, reader] of [
    ...[...names].map(
      ([entry, reader]) => [{ name: entry.replace('*', 'x') }, entry, reader] as const,
    ),
    ...[...labels].map(([entry, reader]) => [{ labels: mapOf(entry) }, entry, reader] as const),
    ...[...annotations].map(
      ([entry, reader]) => [{ annotations: mapOf(entry) }, entry, reader] as const,
    ),
  ]) {
    const [sentence = '', ...more] = problems(found)
    t.strictSame(more, [], entry)
    t.ok(sentence.startsWith(`Secret ${'name' in found ? found.name : 'db'}: `), sentence)
    t.ok(sentence.includes(`${reader} trusts Secrets`), sentence)
    t.ok(
      sentence.endsWith(
        `or let an administrator add "${entry}" to sync.namespaces.team-a.allowedMetadata of the chart`,
      ),
      sentence,
    )
    t.strictSame(problems(found, [entry]), [], 'allowed here')
    t.equal(problems(found, ['another']).length, 1)
    refused++
  }
  t.ok(refused > 60, `${refused} entries`)
})

t.test('metadata that only resembles a trusted name is accepted', async (t) => {
  for (const secret of [
    { name: 'sh.helm.release.v1' },
    { name: 'my-bootstrap-token-x' },
    { name: 'argocd-secret-2' },
    { labels: { owner: 'web', 'app.kubernetes.io/part-of': 'shop', Owner: 'helm' } },
    { annotations: { owner: 'helm', 'argocd.argoproj.io/tracking-id': 'x' } },
    { labels: { 'app.kubernetes.io/instance': 'web', 'kustomize.toolkit.fluxcd.io/name': 'web' } },
  ])
    t.strictSame(problems(secret), [], JSON.stringify(secret))
})

t.test('the list is sorted, and its keys are valid', async (t) => {
  for (const entries of Object.values(trustedMetadata)) {
    const keys = [...entries.keys()]
    t.strictSame(keys, keys.toSorted())
  }
  for (const entry of [...labels.keys(), ...annotations.keys()])
    t.match(entry, /^([a-z0-9.-]+\/)?[A-Za-z][\w.-]{0,62}(=[a-z]+)?$/)
  for (const entry of names.keys()) t.match(entry, /^[a-z0-9.-]+\*?$/)
})

t.test('a thousand Secrets have a bounded number of problems', async (t) => {
  const secret = { name: 'db', type: 'Opaque', labels: { owner: 'helm' } }
  const many = Array.from({ length: 1000 }, () => secret)
  t.equal(metadataProblems(many, { namespace: 'team-a', policy }).length, 20)
})
