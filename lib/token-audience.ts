/** The audience of the tokens that Entra exchanges. It accepts no other. */
export const tokenAudience = 'api://AzureADTokenExchange'
