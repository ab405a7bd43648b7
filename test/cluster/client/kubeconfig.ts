import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'

/** How to speak to an API server; what Node's TLS takes. */
export interface Access {
  readonly server: URL
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly token?: string | undefined
}

type Section = Readonly<Record<string, unknown>>

/**
 * Reads the current context of a kubeconfig.
 *
 * @throws Error when it signs in by anything but a token or a client certificate
 */
export function readKubeconfig(file: string): Access {
  const config = parse(readFileSync(file, 'utf8'))
  const context = named(config, 'contexts', config['current-context'])['context'] as Section
  const cluster = named(config, 'clusters', context['cluster'])['cluster'] as Section
  const user = named(config, 'users', context['user'])['user'] as Section
  const read = (section: Section, name: string) => textOf(section, name, dirname(file))
  const access = {
    server: new URL(String(cluster['server'])),
    ca: read(cluster, 'certificate-authority'),
    cert: read(user, 'client-certificate'),
    key: read(user, 'client-key'),
    token: user['token'] === undefined ? undefined : String(user['token']),
  }
  if (!access.token && !access.cert)
    throw new Error(
      `${file} signs in by a program or not at all. The cluster tests take a token or a client certificate: make a kubeconfig with one, such as from \`kubectl create token\``,
    )
  return access
}

/** Given in the file as base64, or as the path of a file, which is relative to the kubeconfig's folder. */
function textOf(section: Section, name: string, folder: string): string | undefined {
  const { [`${name}-data`]: data, [name]: path } = section
  if (typeof data === 'string') return Buffer.from(data, 'base64').toString()
  return typeof path === 'string' ? readFileSync(resolve(folder, path), 'utf8') : undefined
}

function named(config: Section, list: string, name: unknown): Section {
  const found = (config[list] as Section[] | undefined)?.find((entry) => entry['name'] === name)
  if (!found) throw new Error(`the kubeconfig has no entry ${JSON.stringify(name)} in ${list}`)
  return found
}
