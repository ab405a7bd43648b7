import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withBuildah } from './buildah.ts'
import { cachedImage } from './image-cache.ts'

/** Returns the archive of an image with busybox's commands. By default its container sleeps. */
export const appArchive = (cache: string, busybox: string): string =>
  cachedImage({
    cache,
    name: 'app',
    madeOf: [containerfile, appImage],
    build: (archive) =>
      withBuildah(({ folder, build, save }) => {
        const context = join(folder, 'app')
        mkdirSync(context)
        copyFileSync(busybox, join(context, 'busybox'))
        writeFileSync(join(context, 'Containerfile'), containerfile)
        build(appImage, context)
        save(appImage, archive)
      }),
  })

/** The name of the image. importImages tags it with the names that the examples use. */
export const appImage = 'localhost/akv-injector-app:1'
const containerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "mkdir", "-m", "1777", "/tmp"]
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
CMD ["sleep", "infinity"]
`
