import { InputError } from '../../command/input-error.ts'
import { applyPatch } from '../../command/review/apply-patch.ts'
import { findAgent } from '../../command/review/describe-injection.ts'
import { readServing, servingAssumption } from '../../command/review/read-serving.ts'
import type { AgentConfig } from '../../delivery/contract.ts'
import { describeProblems } from '../../lib/problems/problem.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import {
  accountVariables,
  unclearAccount,
} from '../../repository/input/accounts/workload-identity.ts'
import type { Manifest } from '../../repository/input/document/manifest.ts'
import { viewsByFolder } from '../../repository/input/environments/folder-views.ts'
import { findMisplacedAnnotations } from '../../repository/input/objects/find-misplaced-annotations.ts'
import {
  type FoundObject,
  findNamedObjects,
  findPodTemplates,
  isAnnotated,
  type PodTemplate,
} from '../../repository/input/objects/find-objects.ts'
import { titleOf } from '../../repository/input/objects/title-of.ts'
import type { GivenValues } from '../../repository/input/placeholders/given-values.ts'
import { readFilledFiles } from '../../repository/input/read-filled-files.ts'
import { reviewTemplate } from '../../repository/input/review-template.ts'
import { annotationPrefix } from '../../requests/annotations/keys/own-annotations.ts'
import { mayHaveClassVolumes } from '../../webhook/core/model/find-class-volumes.ts'
import { skipReasons } from '../../webhook/core/model/outcome.ts'

export interface PodChoice extends GivenValues {
  readonly files: readonly string[]
  readonly namespace: string
  /** The pod in the files: `Deployment/web`. */
  readonly pod?: string
}

/**
 * The configuration that the webhook would give to the agent of a pod in the files. The SecretProviderClasses of its
 * volumes and its ServiceAccount come from the files, too.
 *
 * @throws InputError if there isn't exactly one such pod, or the webhook would deny it
 */
export function podConfig(choice: PodChoice): AgentConfig {
  const { policy, servesVolumes, isAssumed } = readServing(process.env)
  const manifests = readFilledFiles(choice.files, 'fetch', choice).flatMap((read) => read.manifests)
  const template = choosePod(manifests, { ...choice, servesVolumes })
  if (isAssumed && mayHaveClassVolumes(template.pod))
    printLines(process.stderr, [servingAssumption])
  const found = manifests.flatMap((manifest) => findNamedObjects(manifest, choice.namespace))
  const objects = viewsByFolder(found)(template).lookUps
  const outcome = reviewTemplate(template, {
    policy,
    objects: servesVolumes ? objects : undefined,
  })
  // Whoever runs the command signs in to Entra directly, even for a pod with an identity binding.
  const withIdentity = ({ tokenProxy: _, ...config }: AgentConfig) =>
    withAccount(config, { template, objects })
  switch (outcome.kind) {
    case 'injected':
      return withIdentity(findAgent(applyPatch(template.pod, outcome.operations)).config)
    case 'skipped':
      if (outcome.reason === 'complete')
        return withIdentity(findAgent(applyPatch(template.pod, [])).config)
      throw new InputError(`${titleOf(template)}: nothing to fetch, ${skipReasons[outcome.reason]}`)
    case 'denied':
      throw new InputError(
        `${titleOf(template)} would be denied`,
        describeProblems(outcome.problems),
      )
    default:
      return outcome satisfies never
  }
}

/**
 * Adds the client and the tenant that the pod's ServiceAccount names, if the pod names none. In a cluster, they come from
 * the azure-workload-identity webhook.
 */
function withAccount(
  config: AgentConfig,
  {
    template,
    objects,
  }: { readonly template: PodTemplate; readonly objects: readonly FoundObject[] },
): AgentConfig {
  if (config.identity.clientId === undefined) {
    const unclear = unclearAccount(template, objects)
    if (unclear !== undefined) throw new InputError(`${titleOf(template)}: ${unclear}`)
  }
  const env = accountVariables(template, { objects })
  const { identity } = config
  const clientId = identity.clientId ?? env['AZURE_CLIENT_ID'] ?? identity.defaultClientId
  const tenantId = identity.tenantId ?? env['AZURE_TENANT_ID']
  return {
    ...config,
    identity: {
      ...identity,
      ...(clientId !== undefined && { clientId }),
      ...(tenantId !== undefined && { tenantId }),
    },
  }
}

function choosePod(
  manifests: readonly Manifest[],
  { files, namespace, pod, servesVolumes }: PodChoice & { readonly servesVolumes: boolean },
): PodTemplate {
  const where = files.join(', ')
  const templates = manifests
    .flatMap((manifest) => findPodTemplates(manifest, namespace))
    .filter((template) => pod === undefined || [template.title, titleOf(template)].includes(pod))
  if (templates.length === 0)
    throw new InputError(`${where}: has no ${pod ?? 'pod or pod template'}`)
  const wanted = templates.filter(
    (template) => isAnnotated(template) || (servesVolumes && mayHaveClassVolumes(template.pod)),
  )
  const [template, ...others] = wanted
  if (template === undefined) {
    const hints = templates.flatMap(findMisplacedAnnotations).map(({ problem }) => problem)
    const orVolume = servesVolumes ? ' or a volume of the Secrets Store CSI Driver' : ''
    throw new InputError(
      `${where}: no pod in it has an ${annotationPrefix}… annotation${orVolume}`,
      describeProblems(hints),
    )
  }
  if (others.length === 0) return template
  const titles = wanted.map(titleOf).map((title) => (/[, ]/.test(title) ? `"${title}"` : title))
  throw new InputError(`${where} has several pods; name one with --pod: ${titles.join(', ')}`)
}
