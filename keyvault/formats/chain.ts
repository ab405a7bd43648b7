import { type KeyObject, X509Certificate } from 'node:crypto'
import { type CpuBudget, createCpuBudget } from './cpu-budget.ts'
import { comparisonMicroseconds, isCertificateOf, type KeyMaterial } from './key-material.ts'

export interface Chain {
  /** Leaf, intermediates, root, as far as they are there. Empty where no leaf could be told. */
  readonly chain: readonly Uint8Array[]
  /** Duplicates, and what belongs to no such chain, in the order in which it was stored. */
  readonly rest: readonly Uint8Array[]
  /**
   * The chain's last one, if it is self-signed; it may be the leaf itself. Otherwise an intermediate is missing, and this
   * is the first self-signed certificate beside the chain.
   */
  readonly root?: Uint8Array
}

interface Node {
  readonly der: Uint8Array
  readonly subject: string
  readonly issuer: string
  readonly isSelfSigned: boolean
  /** Undefined for a kind of key that OpenSSL doesn't know. */
  readonly key: KeyObject | undefined
  readonly certificate: X509Certificate
}

/** Certificates as the provider writes them: leaf, intermediates, root, and then whatever else is there. */
export async function orderChain(
  material: KeyMaterial,
  budget = createCpuBudget(),
): Promise<readonly Uint8Array[]> {
  const { chain, rest } = await buildChain(material, budget)
  return [...chain, ...rest]
}

/**
 * Finds the chain from the leaf up. The leaf is the certificate of the first key that has one; without any, the one that
 * has issued no other, and of several such the one with the longest chain. By signature, not by key identifiers as the
 * provider does it: those may be missing.
 */
export async function buildChain(
  material: KeyMaterial,
  budget = createCpuBudget(),
): Promise<Chain> {
  const chain = known.get(material) ?? (await findChain(material, budget))
  known.set(material, chain)
  return chain
}

/** Kept beside the material, because several targets may want the same certificate. */
const known = new WeakMap<KeyMaterial, Chain>()

/** Microseconds for one signature, of the dearest kinds of key that are in use. */
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
  const chains = leavesOf(issuers, keys).map((leaf) => climb(leaf, issuers))
  const [chain = []] = chains.toSorted((a, b) => b.length - a.length)
  const rest = nodes.filter((node) => !chain.includes(node))
  const root = [...chain.slice(-1), ...rest].find(({ isSelfSigned }) => isSelfSigned)
  return {
    chain: chain.map(({ der }) => der),
    rest: rest.map(({ der }) => der),
    ...(root ? { root: root.der } : {}),
  }
}

/** The first certificate beside each that has issued it. */
type Issuers = ReadonlyMap<Node, Node | undefined>

function leavesOf(issuers: Issuers, keys: readonly Uint8Array[]): readonly Node[] {
  const nodes = [...issuers.keys()]
  for (const key of keys) {
    const owner = nodes.find(({ der }) => isCertificateOf(der, key))
    if (owner) return [owner]
  }
  const authorities = new Set(issuers.values())
  return nodes.filter((node) => !authorities.has(node))
}

function climb(leaf: Node, issuers: Issuers): readonly Node[] {
  const chain = new Set<Node>()
  // Two authorities that have certified each other would send us in circles.
  for (let node: Node | undefined = leaf; node && !chain.has(node); node = issuers.get(node))
    chain.add(node)
  return [...chain]
}

/** Certificates made for the purpose may all bear one name, so that each has to be compared with each. */
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
  // Not `checkIssued`: it refuses Key Vault's self-signed ones, whose key usage has no certificate signing.
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
