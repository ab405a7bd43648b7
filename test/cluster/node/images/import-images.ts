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

/** The images of the examples. All are the same image, because there is no registry. */
const appNames = ['docker.io/library/busybox:1.37', 'docker.io/library/nginx:1.29', sandboxImage]

/** Waits for containerd's socket, and imports the archives. */
export async function importImages({ ctr, socket, archives }: ImportImagesOptions): Promise<void> {
  await until(async () => existsSync(socket))
  const images = (...args: readonly string[]) =>
    execute(ctr, ['--address', socket, '--namespace', 'k8s.io', 'images', ...args])
  for (const archive of archives) images('import', archive)
  images('tag', appImage, ...appNames)
}
