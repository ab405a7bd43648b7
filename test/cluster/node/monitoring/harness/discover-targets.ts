import { isIPv6 } from 'node:net'
import type { Manifest } from '../../../../manifests/rendered.ts'
import type { Api } from '../../../client/api.ts'
import { expectSuccess } from '../../../client/expect-success.ts'

/** A target in the form that Prometheus reads from an HTTP server. */
export interface Target {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Finds what Prometheus' own discovery of pods finds: each port of each container, and each container without ports. A
 * sidecar is an init container.
 *
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config
 */
export async function podTargets(api: Api): Promise<readonly Target[]> {
  const pods = await list(api, '/api/v1/pods')
  return pods
    .filter(({ status }) => status.podIP)
    .flatMap((pod) =>
      [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].flatMap(
        ({ name, ports = [{}] }: Manifest) =>
          ports.map((port: Manifest) =>
            target(pod.status.podIP, port.containerPort, {
              ...podLabels(pod),
              pod_container_name: name,
              ...(port.containerPort && {
                pod_container_port_name: port.name ?? '',
                pod_container_port_number: String(port.containerPort),
              }),
            }),
          ),
      ),
    )
}

/** Finds what Prometheus' own discovery of EndpointSlices finds: each port of each address. */
export async function endpointTargets(api: Api, namespace: string): Promise<readonly Target[]> {
  const at = `/namespaces/${namespace}`
  const slices = await list(api, `/apis/discovery.k8s.io/v1${at}/endpointslices`)
  const services = await list(api, `/api/v1${at}/services`)
  const pods = await list(api, `/api/v1${at}/pods`)
  const named = (all: readonly Manifest[], name: string) =>
    all.find(({ metadata }) => metadata.name === name)
  return slices.flatMap(({ metadata, ports, endpoints }) => {
    const service = named(services, metadata.labels['kubernetes.io/service-name'])
    return endpoints.flatMap(({ addresses, targetRef }: Manifest) =>
      ports.map((port: Manifest) =>
        target(addresses[0], port.port, {
          ...podLabels(named(pods, targetRef?.name)),
          ...(service && {
            service_name: service.metadata.name,
            ...labelsOf('service_label', service.metadata.labels),
          }),
          namespace,
          endpointslice_port_name: port.name,
        }),
      ),
    )
  })
}

const podLabels = (pod?: Manifest) =>
  pod && {
    namespace: pod.metadata.namespace,
    pod_name: pod.metadata.name,
    pod_phase: pod.status.phase,
    pod_ip: pod.status.podIP ?? '',
    ...labelsOf('pod_label', pod.metadata.labels),
    ...labelsOf('pod_annotation', pod.metadata.annotations),
  }

const labelsOf = (kind: string, values: Manifest = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries<string>(values).flatMap(([name, value]) => [
      [`${kind}_${escaped(name)}`, value],
      [`${kind}present_${escaped(name)}`, 'true'],
    ]),
  )

/** As Prometheus writes the name of a Kubernetes label. */
export const escaped = (label: string): string => label.replaceAll(/\W/g, '_')

const target = (
  address: string,
  port: number | undefined,
  labels: Readonly<Record<string, string>>,
): Target => ({
  targets: [port ? `${isIPv6(address) ? `[${address}]` : address}:${port}` : address],
  labels: Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [`__meta_kubernetes_${name}`, value]),
  ),
})

async function list(api: Api, path: string): Promise<readonly Manifest[]> {
  return expectSuccess(await api.call({ method: 'GET', path })).body['items'] as Manifest[]
}
