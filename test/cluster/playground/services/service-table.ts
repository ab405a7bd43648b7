import type { Api } from '../../client/api.ts'
import { expectSuccess } from '../../client/expect-success.ts'

export interface Target {
  readonly host: string
  readonly port: number
}

/** A Service, with what DNS and connections to it need. */
export interface ServiceEntry {
  /** `NAME.NAMESPACE.svc.cluster.local` */
  readonly dnsName: string
  /** Absent for a headless Service. */
  readonly clusterIp?: string
  /** The ready endpoints of each TCP port. */
  readonly ports: readonly { readonly port: number; readonly targets: readonly Target[] }[]
  /** The addresses of all ready endpoints. */
  readonly addresses: readonly string[]
}

export const clusterDomain = 'cluster.local'

/** Reads all Services of a cluster and their endpoints. */
export async function readServices(api: Api): Promise<readonly ServiceEntry[]> {
  const list = async <T>(path: string): Promise<readonly T[]> =>
    expectSuccess(await api.call({ method: 'GET', path })).body['items'] as readonly T[]
  const [services, slices] = await Promise.all([
    list<Service>('/api/v1/services'),
    list<Slice>('/apis/discovery.k8s.io/v1/endpointslices'),
  ])
  return services.map((service) => entryOf(service, slices))
}

function entryOf({ metadata, spec }: Service, all: readonly Slice[]): ServiceEntry {
  const { name, namespace } = metadata
  const slices = all.filter(
    ({ metadata: { labels = {}, namespace: at }, addressType }) =>
      at === namespace && labels[serviceLabel] === name && addressType === 'IPv4',
  )
  const ports = (spec.ports ?? []).filter(({ protocol }) => protocol === 'TCP')
  const clusterIp = spec.clusterIP && spec.clusterIP !== 'None' ? spec.clusterIP : undefined
  return {
    dnsName: `${name}.${namespace}.svc.${clusterDomain}`,
    ...(clusterIp && { clusterIp }),
    ports: ports.map(({ port, name }) => ({
      port,
      targets: slices.flatMap((slice) => targetsOf(slice, name ?? '')),
    })),
    addresses: [...new Set(slices.flatMap(readyAddresses))],
  }
}

function targetsOf(slice: Slice, portName: string): readonly Target[] {
  const found = (slice.ports ?? []).find(({ name }) => (name ?? '') === portName)
  return found === undefined
    ? []
    : readyAddresses(slice).map((host) => ({ host, port: found.port }))
}

const readyAddresses = ({ endpoints }: Slice): readonly string[] =>
  (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses)

interface Service {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly clusterIP?: string
    readonly ports?: readonly { port: number; name?: string; protocol?: string }[]
  }
}

interface Slice {
  readonly metadata: {
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly addressType: string
  readonly ports?: readonly { port: number; name?: string }[] | null
  readonly endpoints?:
    | readonly { addresses: readonly string[]; conditions?: { ready?: boolean } }[]
    | null
}

const serviceLabel = 'kubernetes.io/service-name'
