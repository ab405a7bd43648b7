/** The question of a DNS query. Queries with several questions don't exist in practice. */
export interface DnsQuestion {
  readonly name: string
  readonly type: number
  /** The bytes of the question, which the answer repeats. */
  readonly bytes: Buffer
}

export const typeA = 1

/** Reads the question of a query (RFC 1035, section 4.1), or returns undefined if the message isn't a query. */
export function readQuestion(message: Buffer): DnsQuestion | undefined {
  if (message.length < headerLength || (message[2] ?? 0) & responseBit) return undefined
  if (message.readUInt16BE(4) !== 1) return undefined
  const labels: string[] = []
  let at = headerLength
  for (;;) {
    const length = message[at]
    // A query compresses no names, so a length has no high bits.
    if (length === undefined || length > maxLabelLength) return undefined
    at += 1
    if (length === 0) break
    labels.push(message.toString('latin1', at, at + length).toLowerCase())
    at += length
  }
  if (at + 4 > message.length) return undefined
  const bytes = message.subarray(headerLength, at + 4)
  return { name: labels.join('.'), type: message.readUInt16BE(at), bytes }
}

/**
 * Returns the answer to a query.
 *
 * @param addresses - the IPv4 addresses of the name, or undefined if the name doesn't exist
 */
export function writeAnswer(
  query: Buffer,
  question: DnsQuestion,
  addresses: readonly string[] | undefined,
): Buffer {
  const records = question.type === typeA ? (addresses ?? []).slice(0, maxAddresses) : []
  const header = Buffer.alloc(headerLength)
  query.copy(header, 0, 0, 2)
  header[2] = responseBit | authoritativeBit | ((query[2] ?? 0) & recursionDesiredBit)
  header[3] = recursionAvailableBit | (addresses === undefined ? nameError : 0)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  return Buffer.concat([header, question.bytes, ...records.map(addressRecord)])
}

function addressRecord(address: string): Buffer {
  const record = Buffer.alloc(16)
  record.writeUInt16BE(pointerToQuestion, 0)
  record.writeUInt16BE(typeA, 2)
  record.writeUInt16BE(classIn, 4)
  record.writeUInt32BE(ttlSeconds, 6)
  record.writeUInt16BE(4, 10)
  Buffer.from(address.split('.').map(Number)).copy(record, 12)
  return record
}

const headerLength = 12
const maxLabelLength = 63
/** Fits in the 512 bytes that every client accepts over UDP. */
const maxAddresses = 12
const responseBit = 0x80
const authoritativeBit = 0x04
const recursionDesiredBit = 0x01
const recursionAvailableBit = 0x80
const nameError = 3
const classIn = 1
const pointerToQuestion = 0xc000 | headerLength
const ttlSeconds = 5
