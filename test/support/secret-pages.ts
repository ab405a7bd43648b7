import type { ListedSecret } from '../../keyvault/clients/object-client.ts'

/** Lists these pages of secrets, whatever the vault. */
export async function* secretPagesOf(
  ...pages: readonly (readonly ListedSecret[])[]
): AsyncGenerator<readonly ListedSecret[]> {
  yield* pages
}
