import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'

/** The address of an API server, and the credentials for it as Node's TLS takes them. */
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
 * @throws Error if it has neither a token nor a client certificate
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
      `${file} has neither a token nor a client certificate, which the cluster tests need. Create a kubeconfig with a token from \`kubectl create token\``,
    )
  return access
}

/** The kubeconfig has the value as base64, or as a path relative to its own folder. */
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
