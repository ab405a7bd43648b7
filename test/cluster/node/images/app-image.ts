import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withBuildah } from './buildah.ts'
import { cachedImage } from './image-cache.ts'

/** An archive of an image whose commands are busybox's; without one, it sleeps. */
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

/** Its name, beside those that apps know it by. */
export const appImage = 'localhost/akv-injector-app:1'
const containerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "mkdir", "-m", "1777", "/tmp"]
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
CMD ["sleep", "infinity"]
`
