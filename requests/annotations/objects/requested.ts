/** An object that an annotation requests, and where: `akv-injector.io/secrets, entry "db=db-password"`. */
export interface Requested<T> {
  readonly subject: string
  readonly wanted: T
}
