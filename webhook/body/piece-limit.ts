/**
 * Bounds the pieces in which a body may arrive, by its bytes: each costs the CPU time of about a KiB, however short it is. Go writes
 * records of more than 1200 bytes, and longer ones as it goes on (`maxPayloadSizeForWrite` in its crypto/tls), so a body in pieces of
 * one byte is an attack.
 *
 * @returns takes the bytes of each piece as it arrives, and says whether these are too many pieces
 */
export function createPieceLimit(): (bytes: number) => boolean {
  let credit = startPieces * bytesOfPiece
  return (bytes) => {
    credit += bytes - bytesOfPiece
    return credit < 0
  }
}

/** A short body, and the end of a long one, may come in short pieces. */
const startPieces = 64
const bytesOfPiece = 1024
