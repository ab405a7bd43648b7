/**
 * Where a value comes from. `apiServer`: an object that authors of pods can't write. `options`: the caller's options or
 * files. `pod`: anything that the author of a pod chooses, which are its annotations, its containers, and its agent's
 * configuration and log.
 */
type Speaker = 'apiServer' | 'options' | 'pod'

/** A value, and where it comes from. */
export interface Said<T = string> {
  readonly by: Speaker
  readonly value: T
}

/**
 * A value that is safe to use in a command to paste, to decide a gate, or to say which images are trusted. It never
 * comes from a pod alone.
 */
export interface Confirmed<T = string> extends Said<T> {
  readonly by: Exclude<Speaker, 'pod'>
}

/** Returns the value, unless it comes from a pod. */
export const confirmed = <T>(said: Said<T> | undefined): Confirmed<T> | undefined =>
  said === undefined || said.by === 'pod' ? undefined : { by: said.by, value: said.value }
