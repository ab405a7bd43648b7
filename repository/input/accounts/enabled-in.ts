/** What an account needs in its namespace before Secret sync signs in as it. */
export const enabledIn = (namespace: string): string =>
  `enabled in namespace ${namespace} (akv-injector rbac prints the Role)`
