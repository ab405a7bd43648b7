/** The audience of the tokens that Entra exchanges. It accepts no other. */
export const tokenAudience = 'api://AzureADTokenExchange'

/** The audience of the tokens that the token proxy of a cluster exchanges, by AKS identity bindings. It accepts no other. */
export const bindingAudience = 'api://AKSIdentityBinding'

export type TokenAudience = typeof tokenAudience | typeof bindingAudience
