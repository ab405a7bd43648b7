import type { Resource } from './resource.ts'
import type { FoundResource } from './run-plan.ts'

/** Why a run may not begin. Undefined if it may. */
export function refusalOfRun(found: readonly FoundResource[]): string | undefined {
  for (const { resource, presence } of found) {
    const thing = `${resource.kind} ${resource.name}`
    if (presence === 'foreign')
      return `the ${thing} exists, and prove hasn’t made it. Nothing was changed; remove or rename it`
    if (presence === 'unknown') return unknownText(resource)
  }
  return undefined
}

function unknownText({ find, kind, name }: Resource): string {
  switch (find.by) {
    case 'object':
    case 'label':
      return `kubectl can’t say whether the ${kind} ${name} exists. Nothing was changed; check the context and your rights`
    case 'list':
      return `az can’t say whether the ${kind} ${name} exists. Nothing was changed; check your rights, and the folder private of the report`
    case 'names':
      return 'the emulator doesn’t answer at the URL of --emulated. Nothing was changed'
    default:
      return find satisfies never
  }
}

/** What a run will do, before it does it. */
export const describePlan = (found: readonly FoundResource[], keep = false): readonly string[] => [
  'akv-injector prove makes:',
  ...found
    .filter(({ resource }) => resource.make.length > 0)
    .map(({ resource }) => `- ${resource.sentence}`),
  keep
    ? 'It leaves all of that there (--keep). Remove it with --clean.'
    : 'It removes all of that at the end, also if it fails or you press Ctrl-C.',
  ...found
    .filter(({ presence }) => presence === 'present')
    .map(
      ({ resource }) =>
        `An earlier run has left the ${resource.kind} ${resource.name}, or one that still goes on has made it. It is removed first.`,
    ),
  ...(found.some(({ resource }) => resource.kind === 'install' && resource.make.length > 0)
    ? [
        'It changes nothing outside of them. Until then, the install serves annotated pods in all namespaces.',
      ]
    : [
        'It changes nothing outside of them: the install, its webhook and its CRDs stay as they are.',
        'Installing, switching off, upgrading and uninstalling need a cluster without akv-injector, and --chart.',
      ]),
]
