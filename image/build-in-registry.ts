import { spawnSync } from 'node:child_process'
import { type ImageOptions, inBuildContext, revision, sharedArguments } from './build-image.ts'

interface RegistryOptions extends Pick<ImageOptions, 'base' | 'dist'> {
  /** The name of the Azure container registry. */
  readonly acr: string
  /** The name and the tag of the image in the registry. */
  readonly tag: string
  /** Default: `linux/amd64`. A registry builds for one platform at a time. */
  readonly platform?: string
}

/**
 * Builds the image of the Containerfile in an Azure container registry, which keeps it. Nothing but the Azure CLI is needed here.
 *
 * @throws Error if an option is invalid, or the build fails
 */
export async function buildInRegistry({
  acr,
  tag,
  platform = 'linux/amd64',
  ...options
}: RegistryOptions): Promise<void> {
  // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
  if (!/^[a-z0-9]{5,50}$/i.test(acr))
    throw new Error(
      `--acr is ${JSON.stringify(acr.slice(0, 80))}, but must be the name of an Azure container registry, 5 to 50 letters and digits, without .azurecr.io`,
    )
  if (platform.includes(','))
    throw new Error(
      'with --acr, --platform names one platform, because a registry builds for one at a time',
    )
  if (!/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*:[\w.-]{1,128}$/.test(tag) || tag.includes('.azurecr.'))
    throw new Error(
      `--tag is ${JSON.stringify(tag.slice(0, 80))}, but with --acr it must be a repository of that registry and a tag, such as akv-injector:1`,
    )
  await inBuildContext(options, (cwd) => {
    const args = [
      ...['acr', 'build', '--registry', acr, '--image', tag],
      ...sharedArguments(options.base, revision()),
      ...['--platform', platform, '.'],
    ]
    const { status, error } = spawnSync('az', args, {
      cwd,
      stdio: ['ignore', process.stderr.fd, 'inherit'],
    })
    if (error !== undefined)
      throw new Error('az can’t be started; install the Azure CLI, and sign in with az login')
    if (status !== 0) throw new Error(`the registry ${acr} could not build the image`)
  })
}
