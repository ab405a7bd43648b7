import t from 'tap'
import { agentName, envVolume, filesVolume, identityVolume } from '../../webhook/core/names.ts'
import { render, withoutHelm } from './helm.ts'
import { readRendered } from './rendered.ts'

/** test/cluster tries the policies on an API server: here is what values do to them. */
const skip = withoutHelm
const policyNames = (text: string) =>
  readRendered(text)
    .objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== 'akv-injector-certs')

t.test('each policy can be turned off, and nothing of it is left', { skip }, async (t) => {
  const off = render({
    values: { policies: { ephemeralContainers: false } },
  })
  t.strictSame(policyNames(off.text), [])
  t.notMatch(off.text, /name: akv-injector-ephemeral/)
})

t.test('the policies use the webhook’s names', { skip }, async (t) => {
  const { find } = readRendered(render().text)
  const textOf = (name: string) =>
    JSON.stringify(find('ValidatingAdmissionPolicy', `akv-injector-${name}`).spec).replaceAll(
      '\\"',
      '"',
    )
  for (const name of [agentName, envVolume, filesVolume, identityVolume])
    t.match(textOf('ephemeral-containers'), `"${name}"`)
})
