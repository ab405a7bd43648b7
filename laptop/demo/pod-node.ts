import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  type AgentConfig,
  configVariable,
  currentSetLink,
  encodeConfig,
  envFileName,
  envFolder,
  filesFolder,
  hasFiles,
  identityFolder,
  servedFolder,
  tokenFileName,
} from '../../delivery/contract.ts'
import { startChild } from './child.ts'

/** Does what a kubelet does for the agent of a pod: creates its volumes, writes its token and starts its process. */
export type PodNode = ReturnType<typeof createPodNode>

/**
 * @param root - the folder to use as the agent's `/akv`
 * @param config - the agent's configuration, which names its volumes
 */
export function createPodNode(root: string, config: AgentConfig) {
  const served = (config.volumes ?? []).map(({ name }) => servedFolder(name))
  for (const folder of [filesFolder, envFolder, identityFolder, ...served])
    mkdirSync(join(root, folder), { recursive: true })
  const terminationLog = join(root, 'termination-log')
  writeFileSync(terminationLog, '')
  const seen = [...(hasFiles(config) ? [filesFolder] : []), ...served]
  return {
    writeToken: (token: string) =>
      writeFileSync(join(root, identityFolder, tokenFileName), token, { mode: 0o600 }),
    /** Starts the agent with the configuration from the patch. */
    startAgent: (config: AgentConfig, env: Readonly<Record<string, string>>) =>
      startChild(['agent', '--root', root, '--termination-log', terminationLog], {
        ...env,
        [configVariable]: encodeConfig(config),
      }),
    terminationMessage: () => readFileSync(terminationLog, 'utf8'),
    /** The folders of the volumes that an app mounts. If it mounts none, the folder with the variables. */
    folders: seen.length > 0 ? seen : [envFolder],
    /** Modes, sizes and paths of the files in a folder of a volume, sorted by path. */
    listFiles: (folder: string) => listFiles(join(root, folder)),
    /** The names in the file that the kubelet reads for EnvFiles. */
    envNames: () => {
      const text = readFileSync(join(root, envFolder, envFileName), 'utf8')
      return [...text.matchAll(/^([A-Za-z_]\w*)='[^']*'$/gm)].map(([, name = '']) => name)
    },
    /** The folder that a volume's link points to now. */
    currentSet(folder: string) {
      const link = join(root, folder, currentSetLink)
      return existsSync(link) ? readlinkSync(link) : undefined
    },
  }
}

function listFiles(folder: string, below = ''): readonly string[] {
  return readdirSync(join(folder, below))
    .sort()
    .filter((name) => below !== '' || !name.startsWith('..'))
    .flatMap((name) => {
      const path = join(below, name)
      const { mode, size } = statSync(join(folder, path))
      return statSync(join(folder, path)).isDirectory()
        ? listFiles(folder, path)
        : [
            `${(mode & 0o7777).toString(8).padStart(4, '0')}  ${String(size).padStart(5)} B  ${path}`,
          ]
    })
}
