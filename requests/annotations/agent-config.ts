import { type AgentConfig, defaultTimeoutSeconds, versionOf } from '../../delivery/contract.ts'
import type { Policy } from '../administrator/policy.ts'
import type { PodRequest } from './read-pod-annotations.ts'

export type FirstFetchTime = Pick<AgentConfig, 'timeoutSeconds' | 'outlastsOutages'>

/** Without a timeout of its own, a pod waits for the end of an outage. */
export const firstFetchTime = ({ timeout }: PodRequest): FirstFetchTime =>
  timeout === undefined
    ? { timeoutSeconds: defaultTimeoutSeconds, outlastsOutages: true }
    : { timeoutSeconds: timeout }

/**
 * The agent's configuration: what the annotations ask for, within the administrator's policy.
 *
 * @param chosen - the members that can follow from the pod's state
 */
export function agentConfig(
  request: PodRequest,
  policy: Policy,
  chosen: Pick<AgentConfig, 'containers' | 'fileMode' | 'metricsPort' | 'opensGate'> &
    FirstFetchTime,
): AgentConfig {
  const { containers, fileMode, metricsPort, opensGate, timeoutSeconds, outlastsOutages } = chosen
  const { refresh = 0, volumes, 'stale-after': staleAfter } = request
  const newer = {
    ...(request['identity-binding'] &&
      policy.tokenProxy?.kind === 'known' && { tokenProxy: policy.tokenProxy.proxy }),
    ...(volumes && { volumes }),
    ...(refresh > 0 && staleAfter !== undefined && { staleAfterSeconds: staleAfter }),
    ...(opensGate && { opensGate }),
    ...(request.finds && { finds: request.finds }),
  }
  return {
    version: versionOf({ ...newer, files: request.files }),
    containers,
    ...newer,
    files: request.files,
    templates: request.templates,
    env: request.env,
    fileMode,
    refreshSeconds: refresh,
    timeoutSeconds,
    ...(outlastsOutages && { outlastsOutages }),
    onDeleted: request['on-deleted'] ?? 'keep',
    ...(request.notify === undefined ? {} : { notify: request.notify }),
    ...(metricsPort === undefined ? {} : { metricsPort }),
    ...(policy.namesPods && { namesPod: true }),
    logLevel: request['log-level'] ?? policy.agentLogLevel,
    identity: identityConfig(request, policy),
    ...(policy.usedDefaults && { defaults: policy.usedDefaults }),
    cloud: policy.cloud,
  }
}

export const identityConfig = (
  request: Pick<PodRequest, 'client-id' | 'tenant-id'>,
  { defaultClientId, defaultTenantId }: Policy,
): AgentConfig['identity'] => ({
  ...(request['client-id'] === undefined ? {} : { clientId: request['client-id'] }),
  ...(request['tenant-id'] === undefined ? {} : { tenantId: request['tenant-id'] }),
  ...(defaultClientId === undefined ? {} : { defaultClientId }),
  ...(defaultTenantId === undefined ? {} : { defaultTenantId }),
})
