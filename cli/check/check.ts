import { printLines } from '../../lib/print-lines.ts'
import type { ExitCode } from '../command/exit-code.ts'
import { findAnnotatedObjects, findNamedObjects, findPodTemplates } from '../input/find-objects.ts'
import { listAccounts } from '../input/list-accounts.ts'
import { type Manifest, readManifests } from '../input/read-manifests.ts'
import { readServing, type Serving, servingAssumption } from '../input/read-serving.ts'
import { checkAccount } from './check-account.ts'
import { checkClass } from './check-class.ts'
import { checkExternalSecretsKind, isExternalSecretsKind } from './check-external-secret.ts'
import { checkPod } from './check-pod.ts'
import { checkSecret } from './check-secret.ts'
import { hasDriverVolumes } from './find-tasks.ts'
import { taskLines } from './task.ts'
import type { Verdict } from './verdict.ts'

export interface CheckOptions {
  readonly files: readonly string[]
  readonly namespace: string
}

/**
 * `akv-injector check`: reports on standard output what the webhook would do with each pod and each SecretProviderClass,
 * what Secret sync would do for each annotated ServiceAccount and Secret. It ends with the commands to run first.
 *
 * @throws InputError when a file or a setting is invalid
 */
export function check({ files, namespace }: CheckOptions): ExitCode {
  const serving = readServing(process.env)
  const manifests = readManifests(files, { command: 'check' })
  const found = manifests.map((manifest) => findAll(manifest, namespace))
  const objects = found.flatMap((one) => one.objects)
  const listed = listAccounts(objects)
  const verdicts = found.flatMap((one) => verdictsOf(one, { serving, objects, listed }))
  if (verdicts.length === 0)
    printLines(process.stdout, [
      'nothing to check: found no pods, pod templates, SecretProviderClasses, or annotated ServiceAccounts or Secrets',
    ])
  if (serving.isAssumed && found.some(concernsDriver))
    printLines(process.stdout, [servingAssumption])
  for (const { lines } of verdicts) printLines(process.stdout, lines)
  printLines(process.stdout, taskLines(verdicts.flatMap(({ tasks = [] }) => tasks)))
  return verdicts.some(({ isDenied }) => isDenied) ? 1 : 0
}

type Found = ReturnType<typeof findAll>

const findAll = (manifest: Manifest, namespace: string) => ({
  source: manifest.source,
  templates: findPodTemplates(manifest, namespace),
  objects: findNamedObjects(manifest, namespace),
  accounts: findAnnotatedObjects('ServiceAccount', { manifest, namespace }),
  secrets: findAnnotatedObjects('Secret', { manifest, namespace }),
})

const concernsDriver = ({ templates, objects }: Found): boolean =>
  templates.some(hasDriverVolumes) || objects.some(isClass)

function verdictsOf(
  { source, templates, objects, accounts, secrets }: Found,
  by: {
    readonly serving: Serving
    readonly objects: Found['objects']
    readonly listed: ReturnType<typeof listAccounts>
  },
): readonly Verdict[] {
  const titleOf = ({ title }: Found['objects'][number]) => `${title} (${source})`
  return [
    ...objects.filter(isClass).map((one) =>
      checkClass(titleOf(one), one, {
        serving: by.serving,
        listed: by.listed.get(one.namespace) ?? [],
      }),
    ),
    ...objects
      .filter(isExternalSecretsKind)
      .map((one) => checkExternalSecretsKind(titleOf(one), one)),
    ...templates.map((template) => checkPod(template, by)),
    ...accounts.map((account) => checkAccount(account, by.serving.policy)),
    ...secrets.map(checkSecret),
  ]
}

const isClass = ({ kind }: Found['objects'][number]): boolean => kind === 'SecretProviderClass'
