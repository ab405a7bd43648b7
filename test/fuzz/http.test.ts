import { connect, type TLSSocket } from 'node:tls'
import fc from 'fast-check'
import t from 'tap'
import { exampleReview } from '../webhook/http/review.ts'
import { fuzz } from './harness/fuzz.ts'
import { startWebhookProcess, type WebhookProcess } from './harness/webhook-process.ts'

/** A patch of 1 MiB in base64, and the rest of the response. */
const maxReviewBytes = 1.5 * 1024 * 1024
const maxRefusalBytes = 1024

const review = JSON.stringify(exampleReview())

t.test('a mutated review over TLS gets a review or a 4xx', async (t) => {
  const webhook = await startWebhookProcess(t)
  await fuzz(
    t,
    fc.asyncProperty(mutated(review, reviewParts()), async (body) => {
      const bytes = Buffer.from(body)
      const head = `POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n\r\n`
      const answers = readAnswers(
        await exchange(webhook, Buffer.concat([Buffer.from(head), bytes])),
      )
      if (answers.length !== 1) throw new Error(`${answers.length} answers`)
      if (!webhook.isAlive()) throw new Error('the webhook ended')
    }),
  )
})

t.test('mutated HTTP over TLS gets reviews, 4xx, or nothing', async (t) => {
  const webhook = await startWebhookProcess(t)
  const small = JSON.stringify(exampleReview({ annotations: {} }))
  const request = `POST /mutate?timeout=5s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${small.length}\r\n\r\n${small}`
  const chunked = `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`
  await fuzz(
    t,
    fc.asyncProperty(
      fc.constantFrom(request, chunked).chain((text) => mutated(text, httpParts())),
      async (text) => {
        readAnswers(await exchange(webhook, Buffer.from(text, 'latin1')))
        if (!webhook.isAlive()) throw new Error('the webhook ended')
      },
    ),
  )
  const whole = Buffer.from(request)
  t.match(readAnswers(await exchange(webhook, whole)), [{ status: 200 }], 'and it still answers')
})

/** A text with some places removed, repeated or overwritten. */
const mutated = (text: string, parts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .array(
      fc.record({
        at: fc.nat(text.length),
        cut: fc.oneof(fc.nat(4), fc.nat(text.length)),
        repeat: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(20)),
        part: parts,
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((mutations) =>
      mutations.reduce(
        (mutant, { at, cut, repeat, part }) =>
          `${mutant.slice(0, at)}${part}${mutant.slice(at, at + cut).repeat(repeat)}${mutant.slice(at + cut)}`,
        text,
      ),
    )

const reviewParts = () =>
  fc.oneof(
    fc.constantFrom(
      '',
      ',',
      '"',
      '{}',
      '[]',
      'null',
      '1e999',
      '"__proto__":{},',
      '\\u0000',
      '\ud800',
    ),
    fc.constantFrom('[', '{"a":', '"a",').map((text) => text.repeat(10_000)),
    fc.json(),
    fc.string(),
  )

const httpParts = () =>
  fc.oneof(
    fc.constantFrom(
      '',
      '\r\n',
      '\n',
      '\r',
      ' ',
      '\0',
      ':',
      ';',
      '0\r\n\r\n',
      'HTTP/1.1',
      'HTTP/2.0',
    ),
    fc.constantFrom('Content-Length: 0\r\n', 'Content-Length: 99999999999\r\n', 'Upgrade: h2c\r\n'),
    fc.constantFrom(
      'Transfer-Encoding: chunked\r\n',
      'Expect: 100-continue\r\n',
      'Connection: x\r\n',
    ),
    fc.constantFrom('x: y\r\n', 'a', '%', '/').map((text) => text.repeat(3_000)),
    fc.string(),
  )

/** Writes the bytes to a new connection, ends it, and reads until the webhook ends it, too. */
async function exchange({ port, ca }: WebhookProcess, bytes: Buffer): Promise<Buffer> {
  const options = { host: '127.0.0.1', servername: 'localhost', port, ca }
  const socket: TLSSocket = connect(options)
  const chunks: Buffer[] = []
  // The webhook may close the connection before it has read everything, and that can reset the connection.
  socket.on('error', () => {}).on('data', (chunk) => chunks.push(chunk))
  socket.end(bytes)
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return Buffer.concat(chunks)
}

/** Parses the webhook's response. @throws Error if it isn't a review or an error response of a valid size */
function readAnswers(bytes: Buffer): { status: number }[] {
  const answers: { status: number }[] = []
  let rest = bytes.toString('latin1').replace(/^(HTTP\/1.1 100 Continue\r\n\r\n)+/, '')
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    const head = rest.slice(0, end)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
    const body = Buffer.from(rest.slice(end + 4, end + 4 + length), 'latin1').toString()
    checkAnswer(status, body)
    answers.push({ status })
    // Node's own error responses are empty and chunked.
    rest = rest.slice(end + 4 + length).replace(/^0\r\n\r\n/, '')
  }
  return answers
}

function checkAnswer(status: number, body: string): void {
  if (status === 200) {
    const { apiVersion, kind, response } = JSON.parse(body)
    const isReview = apiVersion === 'admission.k8s.io/v1' && kind === 'AdmissionReview'
    if (!isReview || typeof response.allowed !== 'boolean') throw new Error(`no review: ${body}`)
    if (response.status?.code === 500) throw new Error(response.status.message)
    if (body.length > maxReviewBytes) throw new Error(`a review of ${body.length} bytes`)
  } else if (!(status >= 400 && status < 500)) throw new Error(`status ${status}: ${body}`)
  else if (body.length > maxRefusalBytes) throw new Error(`a refusal of ${body.length} bytes`)
}
