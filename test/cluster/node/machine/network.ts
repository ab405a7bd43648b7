import { held } from '../../harness/keep.ts'

/** A network of this machine's own, for the pods of one node. */
export interface Network {
  /** Of the bridge, and of the node. */
  readonly name: string
  /** This machine's address on it: the node's, and what pods reach servers of the tests at. */
  readonly gateway: string
  readonly podSubnet: string
  readonly serviceSubnet: string
  /** Of the Service `kubernetes`: the first of its subnet, and an address of this machine. */
  readonly apiAddress: string
  remove(): Promise<void>
}

/**
 * Makes a bridge on addresses that no network uses: 198.18.0.0/15 is for measurements within a laboratory (RFC 2544).
 * The number of the first bridge that isn't there yet is ours, so clusters may run side by side.
 */
export async function createNetwork(): Promise<Network> {
  const { said, release } = await held({
    make: `
      n=0
      until ip link add "akv-injector-$n" type bridge; do n=$((n + 1)); [ "$n" -lt 100 ]; done
      ip address add "198.18.$n.1/24" dev "akv-injector-$n"
      ip address add "198.19.$n.1/32" dev "akv-injector-$n"
      ip link set "akv-injector-$n" up
      echo "$n"`,
    undo: 'ip link delete "akv-injector-$n"',
  })
  return {
    name: `akv-injector-${said}`,
    gateway: `198.18.${said}.1`,
    podSubnet: `198.18.${said}.0/24`,
    serviceSubnet: `198.19.${said}.0/24`,
    apiAddress: `198.19.${said}.1`,
    remove: release,
  }
}
