import { existsSync } from 'node:fs'
import { until } from '../../client/cluster.ts'
import { sandboxImage } from '../machine/containerd-config.ts'
import { execute } from '../machine/execute.ts'
import { appImage } from './app-image.ts'

export interface ImportImagesOptions {
  readonly ctr: string
  readonly socket: string
  readonly archives: readonly string[]
}

/** What the examples name: one image, as no registry is asked. */
const appNames = ['docker.io/library/busybox:1.37', 'docker.io/library/nginx:1.29', sandboxImage]

/** Hands archives to containerd, whose socket may not be there yet. */
export async function importImages({ ctr, socket, archives }: ImportImagesOptions): Promise<void> {
  await until(async () => existsSync(socket))
  const images = (...args: readonly string[]) =>
    execute(ctr, ['--address', socket, '--namespace', 'k8s.io', 'images', ...args])
  for (const archive of archives) images('import', archive)
  images('tag', appImage, ...appNames)
}
