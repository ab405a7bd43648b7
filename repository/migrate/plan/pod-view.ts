import { posix } from 'node:path'
import { applyPatch } from '../../../command/review/apply-patch.ts'
import { findAgent } from '../../../command/review/describe-injection.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import { agentName, filesVolume } from '../../../webhook/core/model/our-names.ts'
import type { Outcome } from '../../../webhook/core/model/outcome.ts'
import { allContainers, type Pod } from '../../../webhook/core/model/pod.ts'

/**
 * Describes what a pod would get, as text for comparison: each file at its path in each container, the variables, and
 * the agent's settings. Two pods with the same view differ only in how they ask for these. For a pod that isn't
 * injected, the view is the pod itself.
 */
export function podView(pod: JsonObject, outcome: Outcome): string {
  if (outcome.kind !== 'injected') return JSON.stringify({ outcome, pod })
  const patched = applyPatch(pod, outcome.operations)
  const { config } = findAgent(patched)
  const { containers: _, volumes: __, version: ___, files, templates, ...settings } = config
  const contents = [
    ...files.map(({ volume = filesVolume, path, ...file }) => ({ volume, path, file })),
    ...templates.map(({ path, segments }) => ({ volume: filesVolume, path, file: { segments } })),
  ]
  const seen = mountsOf(patched).flatMap(({ container, mount }) =>
    contents
      .filter(({ volume }) => volume === mount.name)
      .map(({ path, file }) =>
        JSON.stringify({
          container,
          path: posix.join(mount.mountPath, path),
          part: mount.subPath,
          file,
        }),
      ),
  )
  return JSON.stringify({ settings, seen: seen.toSorted() })
}

const mountsOf = (pod: Pod) =>
  allContainers(pod)
    .filter(({ name }) => name !== agentName)
    .flatMap(({ name, volumeMounts }) =>
      (volumeMounts ?? []).map((mount) => ({ container: name, mount })),
    )
