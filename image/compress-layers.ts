import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, gunzipSync, zstdCompressSync } from 'node:zlib'

interface Folders {
  /** An OCI layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md). */
  readonly from: string
  /** The folder to create. */
  readonly to: string
}

/** https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/**
 * Copies an image with its layers compressed by zstd instead of gzip. We don't leave that to the engines: buildah's encoder
 * gives layers that are 15 % larger, buildah 1.28 can't use it for lists of platforms, and the bytes would depend on the
 * engine's version. Node's encoder is the same for all engines.
 *
 * The configuration of an image names its layers by their uncompressed digests, so it stays the same.
 *
 * @throws Error if a layer isn't compressed by gzip, as engines do by default
 */
export function compressLayers(folders: Folders): void {
  const { from, to } = folders
  mkdirSync(join(to, 'blobs/sha256'), { recursive: true })
  copyFileSync(join(from, 'oci-layout'), join(to, 'oci-layout'))
  const index = convertDocument(readFileSync(join(from, 'index.json')), folders)
  writeFileSync(join(to, 'index.json'), index)
}

/** Converts an index, whose parts are manifests or indexes, or a manifest, whose parts are layers. */
function convertDocument(bytes: Buffer, folders: Folders): Buffer {
  const document = JSON.parse(bytes.toString())
  if (document.config !== undefined) copyBlob(document.config, folders)
  const convert = (key: string, part: (descriptor: Descriptor) => Descriptor) =>
    document[key] === undefined ? {} : { [key]: document[key].map(part) }
  const converted = {
    ...document,
    ...convert('manifests', (part) => convertManifest(part, folders)),
    ...convert('layers', (part) => compressLayer(part, folders)),
  }
  return Buffer.from(JSON.stringify(converted))
}

const convertManifest = (manifest: Descriptor, folders: Folders): Descriptor => ({
  ...manifest,
  ...writeBlob(convertDocument(readBlob(manifest, folders), folders), folders),
})

function compressLayer(layer: Descriptor, folders: Folders): Descriptor {
  const { mediaType } = layer
  if (mediaType !== gzipLayer)
    throw new Error(
      `the engine wrote a layer of type ${mediaType}, but only ${gzipLayer} can be compressed again; remove compression_format from containers.conf`,
    )
  const tar = gunzipSync(readBlob(layer, folders))
  return { ...layer, mediaType: zstdLayer, ...writeBlob(compress(tar), folders) }
}

const gzipLayer = 'application/vnd.oci.image.layer.v1.tar+gzip'
const zstdLayer = 'application/vnd.oci.image.layer.v1.tar+zstd'

/** Level 19 is the highest that every decoder reads: its window is 8 MiB (RFC 8878, section 3.1.1.1.2). */
const compress = (tar: Buffer): Buffer =>
  zstdCompressSync(tar, {
    params: { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_checksumFlag]: 1 },
    pledgedSrcSize: tar.length,
  })

function copyBlob({ digest }: Descriptor, { from, to }: Folders): void {
  copyFileSync(join(from, blobPath(digest)), join(to, blobPath(digest)))
}

const readBlob = ({ digest }: Descriptor, { from }: Folders): Buffer =>
  readFileSync(join(from, blobPath(digest)))

function writeBlob(bytes: Buffer, { to }: Folders): Pick<Descriptor, 'digest' | 'size'> {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  writeFileSync(join(to, blobPath(digest)), bytes)
  return { digest, size: bytes.length }
}

const blobPath = (digest: string): string => join('blobs', digest.replace(':', '/'))
