import { KubeConfig } from '@kubernetes/client-node'
import { printable } from '../lib/printable.ts'
import { reasonOf } from '../lib/reason-of.ts'

/** Where a configuration comes from. */
export interface KubeconfigSource {
  /** Read in place of what `KUBECONFIG` names. */
  readonly kubeconfig?: string
  /** The context of the kubeconfig, if not the current one. */
  readonly context?: string
}

/**
 * Reads the configuration of a pod, or a kubeconfig.
 *
 * @throws Error with a sentence if it can't be read, or has no such context
 */
export function loadConfig({ kubeconfig, context }: KubeconfigSource): KubeConfig {
  const kubeConfig = new KubeConfig()
  try {
    if (kubeconfig === undefined) kubeConfig.loadFromDefault()
    else kubeConfig.loadFromFile(kubeconfig)
  } catch (error) {
    const { KUBECONFIG } = process.env
    const file =
      kubeconfig === undefined
        ? KUBECONFIG
          ? `KUBECONFIG ${printable(KUBECONFIG, 300)}`
          : 'the kubeconfig'
        : `kubeconfig ${printable(kubeconfig, 300)}`
    throw new Error(`${file} cannot be read: ${printable(reasonOf(error), 300)}`)
  }
  if (context !== undefined) setContext(kubeConfig, context)
  return kubeConfig
}

function setContext(kubeConfig: KubeConfig, context: string): void {
  const names = kubeConfig.getContexts().map(({ name }) => name)
  if (!names.includes(context))
    throw new Error(
      `the kubeconfig has no context "${printable(context)}"; it has: ${names.map((name) => printable(name)).join(', ') || 'none'}`,
    )
  kubeConfig.setCurrentContext(context)
}

/**
 * The URL of the API server. Without any configuration, the client assumes one without TLS on this machine, which would never
 * answer.
 *
 * @throws Error with a sentence if there is none, or if it isn't https
 */
export function serverOf(kubeConfig: KubeConfig): string {
  const { server, skipTLSVerify } = kubeConfig.getCurrentCluster() ?? {}
  if (server === undefined) throw new Error('the kubeconfig names no cluster')
  const protocol = URL.canParse(server) ? new URL(server).protocol : undefined
  if (protocol === 'https:' || (protocol === 'http:' && skipTLSVerify)) return server
  throw new Error(
    server === assumedServer
      ? 'no cluster is configured: run it as a pod whose service account token is mounted, or name a kubeconfig with KUBECONFIG'
      : `the kubeconfig names the server "${printable(server)}"; expected an https URL`,
  )
}

const assumedServer = 'http://localhost:8080'
