/** Describes the node to the tests, as JSON in the environment variable CLUSTER_NODE. */
export interface NodeEnvironment {
  /** The paths of programs. */
  readonly kubectl: string
  readonly ctr: string
  /** The path of containerd's socket. */
  readonly containerd: string
  /** The name of the node and of the cgroup that contains its pods. */
  readonly nodeName: string
  readonly vault: {
    readonly url: string
    /** The URL that rotations and faults are posted to. */
    readonly controlUrl: string
    readonly tokenProxy: { readonly url: string; readonly caPem: string }
  }
}
