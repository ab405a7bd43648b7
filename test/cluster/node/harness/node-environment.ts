/** What tests on a node are told of it, as JSON in the environment variable CLUSTER_NODE. */
export interface NodeEnvironment {
  /** Programs, by their paths. */
  readonly kubectl: string
  readonly ctr: string
  /** The socket of containerd. */
  readonly containerd: string
  /** Also of the cgroup that the pods' are below. */
  readonly nodeName: string
  readonly vault: {
    readonly url: string
    /** Where rotations and faults are posted to. */
    readonly controlUrl: string
  }
}
