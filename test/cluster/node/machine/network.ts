import { createMachineResource } from '../../harness/machine-resource.ts'

/** A network on this machine for the pods of one node. */
export interface Network {
  /** The name of the bridge, and of the node. */
  readonly name: string
  /** This machine's address on the bridge. It is the node's address, and pods reach the tests' servers at it. */
  readonly gateway: string
  readonly podSubnet: string
  readonly serviceSubnet: string
  /** The cluster IP of the Service `kubernetes`: the first address of its subnet, which this machine has. */
  readonly apiAddress: string
  remove(): Promise<void>
}

/**
 * Creates a bridge in 198.18.0.0/15, which is reserved for benchmarks (RFC 2544), so no real network uses it. The bridge
 * gets the first free number, so several clusters can run at the same time.
 */
export async function createNetwork(): Promise<Network> {
  const { output: number, remove } = await createMachineResource({
    create: `
      n=0
      until ip link add "akv-injector-$n" type bridge; do n=$((n + 1)); [ "$n" -lt 100 ]; done
      ip address add "198.18.$n.1/24" dev "akv-injector-$n"
      ip address add "198.19.$n.1/32" dev "akv-injector-$n"
      ip link set "akv-injector-$n" up
      echo "$n"`,
    remove: 'ip link delete "akv-injector-$n"',
  })
  return {
    name: `akv-injector-${number}`,
    gateway: `198.18.${number}.1`,
    podSubnet: `198.18.${number}.0/24`,
    serviceSubnet: `198.19.${number}.0/24`,
    apiAddress: `198.19.${number}.1`,
    remove,
  }
}
