import { type KeyObject, X509Certificate } from 'node:crypto'
import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import {
  comparisonMicroseconds,
  isCertificateOf,
  type KeyMaterial,
} from '../formats/key-material.ts'

interface Chain {
  /** Leaf, intermediates and root, as far as they are present. Empty if no leaf could be determined. */
  readonly chain: readonly Uint8Array[]
  /** Duplicates and certificates outside the chain, in the order in which they were stored. */
  readonly rest: readonly Uint8Array[]
  /**
   * The last certificate of the chain, if it is self-signed; it may be the leaf itself. Otherwise an intermediate is
   * missing, and this is the first self-signed certificate outside the chain.
   */
  readonly root?: Uint8Array
}

interface Node {
  readonly der: Uint8Array
  readonly subject: string
  readonly issuer: string
  readonly isSelfSigned: boolean
  /** Undefined if OpenSSL doesn't know the type of the key. */
  readonly key: KeyObject | undefined
  readonly certificate: X509Certificate
}

/** Returns the certificates in the provider's order: leaf, intermediates, root, and then all others. */
export async function orderChain(
  material: KeyMaterial,
  budget = createCpuBudget(),
): Promise<readonly Uint8Array[]> {
  const { chain, rest } = await buildChain(material, budget)
  return [...chain, ...rest]
}

/**
 * Finds the chain, starting at the leaf. The leaf is the certificate of the first key that has one. Without such a key,
 * it is the certificate that has issued no other; if there are several, the one with the longest chain. Issuers are
 * found by signature, not by key identifiers as in the provider, because those may be missing.
 */
export async function buildChain(
  material: KeyMaterial,
  budget = createCpuBudget(),
): Promise<Chain> {
  const chain = known.get(material) ?? (await findChain(material, budget))
  known.set(material, chain)
  return chain
}

/** Caches the chain, because several targets may use the same certificate. */
const known = new WeakMap<KeyMaterial, Chain>()

/** The cost of verifying one signature in microseconds, for the most expensive types of key in use. */
const verificationCost = 400

async function findChain({ keys, certificates }: KeyMaterial, budget: CpuBudget): Promise<Chain> {
  const nodes: Node[] = []
  for (const der of certificates) {
    budget.charge(verificationCost)
    await budget.yieldIfDue()
    nodes.push(nodeOf(der))
  }
  const issuers = new Map<Node, Node | undefined>()
  for (const node of nodes) issuers.set(node, await issuerOf(node, { nodes, budget }))
  budget.charge(keys.length * certificates.length * comparisonMicroseconds)
  const chains = findLeaves(issuers, keys).map((leaf) => chainFrom(leaf, issuers))
  const [chain = []] = chains.toSorted((a, b) => b.length - a.length)
  const rest = nodes.filter((node) => !chain.includes(node))
  const root = [...chain.slice(-1), ...rest].find(({ isSelfSigned }) => isSelfSigned)
  return {
    chain: chain.map(({ der }) => der),
    rest: rest.map(({ der }) => der),
    ...(root ? { root: root.der } : {}),
  }
}

/** For each certificate, the first other certificate that has issued it. */
type Issuers = ReadonlyMap<Node, Node | undefined>

function findLeaves(issuers: Issuers, keys: readonly Uint8Array[]): readonly Node[] {
  const nodes = [...issuers.keys()]
  for (const key of keys) {
    const owner = nodes.find(({ der }) => isCertificateOf(der, key))
    if (owner) return [owner]
  }
  const authorities = new Set(issuers.values())
  return nodes.filter((node) => !authorities.has(node))
}

function chainFrom(leaf: Node, issuers: Issuers): readonly Node[] {
  const chain = new Set<Node>()
  // Two CAs that have certified each other would cause an endless loop.
  for (let node: Node | undefined = leaf; node && !chain.has(node); node = issuers.get(node))
    chain.add(node)
  return [...chain]
}

/** Hostile certificates may all have the same name, so that each has to be compared with all others. */
async function issuerOf(
  child: Node,
  { nodes, budget }: { readonly nodes: readonly Node[]; readonly budget: CpuBudget },
): Promise<Node | undefined> {
  if (child.isSelfSigned) return undefined
  for (const issuer of nodes) {
    if (issuer === child || issuer.subject !== child.issuer || !issuer.key) continue
    budget.charge(verificationCost)
    await budget.yieldIfDue()
    if (isSignedBy(child.certificate, issuer.key)) return issuer
  }
  return undefined
}

function nodeOf(der: Uint8Array): Node {
  const certificate = new X509Certificate(der)
  const { subject, issuer } = certificate
  const key = keyOf(certificate)
  // Doesn't use `checkIssued`: it refuses Key Vault's self-signed certificates, whose key usage doesn't include
  // certificate signing.
  const isSelfSigned = subject === issuer && key !== undefined && isSignedBy(certificate, key)
  return { der, subject, issuer, key, isSelfSigned, certificate }
}

function keyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey
  } catch {
    return undefined
  }
}

function isSignedBy(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key)
  } catch {
    return false
  }
}
