import { stringify } from 'yaml'
import packageJson from '../package.json' with { type: 'json' }

const { version, homepage } = packageJson

/**
 * The manifest with which krew installs the command line as `kubectl akv-injector`
 * (https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest). It installs the npm package, which needs nothing but Node. On
 * Windows, krew gives the link to a plugin the name of an `.exe`, so that it can't be a script.
 *
 * @param archive - the file of the npm package in the release, and its checksum
 */
export const krewManifest = (archive: { readonly name: string; readonly sha256: string }): string =>
  stringify(
    {
      apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
      kind: 'Plugin',
      metadata: { name: 'akv-injector' },
      spec: {
        version: `v${version}`,
        homepage,
        shortDescription: 'Explain which Azure Key Vault secrets pods have, and why not',
        description,
        caveats,
        platforms: [
          {
            selector: {
              matchExpressions: [{ key: 'os', operator: 'In', values: ['darwin', 'linux'] }],
            },
            uri: `${homepage}/releases/download/v${version}/${archive.name}`,
            sha256: archive.sha256,
            files: [{ from: 'package/*', to: '.' }],
            bin: packageJson.bin['kubectl-akv_injector'],
          },
        ],
      },
    },
    { lineWidth: 0 },
  )

// krew asks for lines of at most 80 characters.
const description = `The command line of akv-injector, an admission webhook that gives annotated
pods their Azure Key Vault secrets as files and environment variables. It
shows which pods have fresh secrets and what fails, and checks, converts and
tries out manifests.
`
const caveats = `This plugin needs Node.js 22 or later on the PATH. On Windows, install the npm
package of the release instead.
`
