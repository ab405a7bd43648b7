import { invalid, type Parsed, valid } from '../problems/parsed.ts'

/** The folder of the service account token. In most images `/var/run` is a link to `/run`. */
const guardedPaths = ['/var/run/secrets', '/run/secrets']
/** The container runtime mounts these itself. */
const systemPath = /^\/(proc|sys|dev)(\/|$)/
const maxLength = 1024

/** Reads the path of the folder to mount the files at. */
export function parseMountPath(text: string): Parsed<string> {
  const isBounded = text.startsWith('/') && text.length <= maxLength
  const components = isBounded ? text.split('/').slice(1) : []
  const isPlain =
    isBounded &&
    components.every((component) => component !== '' && component !== '.' && component !== '..')
  // The API server refuses a ":" in a mount path, and no path can hold a NUL.
  if (!isPlain || text.includes(':') || /\p{Cc}/u.test(text))
    return invalid(
      'expected an absolute directory other than "/", without "..", ":" or a slash at its end',
    )
  if (systemPath.test(text))
    return invalid('the container runtime mounts this folder itself; choose another one')
  return guardedPaths.some((guarded) => guarded === text || guarded.startsWith(`${text}/`))
    ? invalid('a mount there would hide the service account token; choose another folder')
    : valid(text)
}
