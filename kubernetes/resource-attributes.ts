/** Something that an access review asks about. */
interface Access {
  readonly verb: string
  /** Empty for the core group. */
  readonly group: string
  /** With a subresource: `serviceaccounts/token`. */
  readonly resource: string
  /** Absent: in all namespaces, or a resource of the cluster. */
  readonly namespace?: string | undefined
  /** Absent: any name. */
  readonly name?: string | undefined
}

/** The `resourceAttributes` of an access review. */
export function resourceAttributes({ verb, group, resource: path, namespace, name }: Access) {
  const [resource = '', subresource] = path.split('/')
  return {
    verb,
    group,
    resource,
    ...(subresource !== undefined && { subresource }),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  }
}
