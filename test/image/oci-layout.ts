import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const blobPath = (digest: string) => join('blobs', digest.replace(':', '/'))
const type = (name: string) => `application/vnd.oci.image.${name}`

export const tagAnnotation = { 'org.opencontainers.image.ref.name': 'test:1' }

/** A layer for both platforms, and one for each. */
const layers = ['shared', 'amd64', 'arm64'].map((text) => Buffer.from(text.repeat(10_000)))

/**
 * Writes an OCI layout of a small list of two platforms, which share a layer.
 *
 * @param suffix - of the layers' media type
 */
export function writeLayout(folder: string, suffix = '+gzip'): void {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  const write = (mediaType: string, content: Buffer | object) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const digest = digestOf(bytes)
    writeFileSync(join(folder, blobPath(digest)), bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const manifests = ['amd64', 'arm64'].map((architecture, i) => {
    const tars = layers.filter((_, layer) => layer === 0 || layer === i + 1)
    const rootfs = { type: 'layers', diff_ids: tars.map(digestOf) }
    const manifest = write(type('manifest.v1+json'), {
      schemaVersion: 2,
      config: write(type('config.v1+json'), { architecture, os: 'linux', rootfs }),
      layers: tars.map((tar) => write(type(`layer.v1.tar${suffix}`), gzipSync(tar))),
    })
    return { ...manifest, platform: { architecture, os: 'linux' } }
  })
  const list = write(type('index.v1+json'), { schemaVersion: 2, manifests })
  const index = { schemaVersion: 2, manifests: [{ ...list, annotations: tagAnnotation }] }
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index))
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion": "1.0.0"}')
}

export interface ReadLayout {
  /** What `index.json` names. */
  readonly top: { readonly digest: string; readonly annotations?: object }
  readonly platforms: readonly string[]
  /** For each layer of each platform. */
  readonly layerTypes: readonly string[]
  readonly blobs: number
}

/**
 * Follows all references of a layout, as a container runtime does.
 *
 * @throws Error if a digest or a size is wrong, a layer isn't what the configuration names, or a blob is left over
 */
export function readLayout(folder: string): ReadLayout {
  const seen = new Set<string>()
  const read = ({ digest, size }: { readonly digest: string; readonly size: number }) => {
    const bytes = readFileSync(join(folder, blobPath(digest)))
    if (digestOf(bytes) !== digest || bytes.length !== size) throw new Error(`${digest} is wrong`)
    seen.add(digest)
    return bytes
  }
  const platforms: string[] = []
  const layerTypes: string[] = []
  const visit = (bytes: Buffer) => {
    const document = JSON.parse(bytes.toString())
    for (const manifest of document.manifests ?? []) visit(read(manifest))
    if (document.config === undefined) return
    const config = JSON.parse(read(document.config).toString())
    platforms.push(config.architecture)
    for (const [i, layer] of document.layers.entries()) {
      layerTypes.push(layer.mediaType.split('.').at(-1))
      const unpack = layer.mediaType.endsWith('+zstd') ? zstdDecompressSync : gunzipSync
      if (digestOf(unpack(read(layer))) !== config.rootfs.diff_ids[i])
        throw new Error(`layer ${i} has other content`)
    }
  }
  const index = readFileSync(join(folder, 'index.json'))
  visit(index)
  const blobs = readdirSync(join(folder, 'blobs/sha256')).length
  if (blobs !== seen.size) throw new Error(`${blobs - seen.size} blobs are left over`)
  return { top: JSON.parse(index.toString()).manifests[0], platforms, layerTypes, blobs }
}
