/**
 * Who said a value: the API server, by an object that the authors of pods can't write; the caller, by options or files; or a pod,
 * which is everything that whoever writes a pod chooses: its annotations, its containers, its agent's configuration and log.
 */
type Speaker = 'apiServer' | 'options' | 'pod'

/** A value, and who said it. */
export interface Said<T = string> {
  readonly by: Speaker
  readonly value: T
}

/** A value that may be in a command to paste, decide a gate, or say which images are trusted. A pod alone can't give one. */
export interface Confirmed<T = string> extends Said<T> {
  readonly by: Exclude<Speaker, 'pod'>
}

/** The value, unless only a pod says it. */
export const confirmed = <T>(said: Said<T> | undefined): Confirmed<T> | undefined =>
  said === undefined || said.by === 'pod' ? undefined : { by: said.by, value: said.value }
