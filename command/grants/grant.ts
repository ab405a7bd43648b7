import { type ReadValue, wantedValues } from './wanted-values.ts'

/** What a ServiceAccount has to be able to read, because a pod or the account itself names it. */
export interface Grant {
  readonly namespace: string
  readonly account: string
  /** The client to sign in as, in lower case. Absent if the files name none. */
  readonly clientId?: string
  /** Set if it signs in through an identity binding of AKS, which needs no federated credential. */
  readonly usesBinding?: true
  readonly values: readonly ReadValue[]
  /** The vaults that are searched, and any secret of which may be read. Absent: none. */
  readonly searched?: readonly string[]
}

/** What is found about a pod, an account or an ExternalSecret. */
export interface Found {
  readonly grant?: Grant
  readonly mistakes?: readonly string[]
  /** Why no account needs rights for the Secrets of a class. The CSI driver may make them. */
  readonly notes?: readonly string[]
}

/** Stands in for the client ID of an account that names none. No real client has this ID. */
export const placeholderClient = '00000000-0000-0000-0000-000000000000'

export function grantOf({
  namespace,
  account,
  clientId,
  usesBinding,
  config,
}: {
  readonly namespace: string
  readonly account: string
  readonly clientId: string | undefined
  readonly usesBinding: boolean
  readonly config: Parameters<typeof wantedValues>[0] & {
    readonly finds?: readonly { readonly vault: string }[]
  }
}): Grant {
  const id = clientId?.toLowerCase()
  return {
    namespace,
    account,
    ...(id !== undefined && id !== placeholderClient && { clientId: id }),
    ...(usesBinding && { usesBinding }),
    values: wantedValues(config),
    ...(config.finds && { searched: config.finds.map(({ vault }) => vault) }),
  }
}
